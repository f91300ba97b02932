//! Nasty ids, texts and URLs. The same are tried in C (`ffi-tests/print.c`) and in Go
//! (`go/print_test.go`).

use super::*;

#[test]
fn urls_keep_their_secrets() {
    let long = "x".repeat(1_000_000);
    let long = long.as_str();
    let table = [
        // Stream keys.
        ("rtmp://cdn.example/live/secret", "rtmp://cdn.example/live/***"),
        ("rtmps://cdn.example:443/a/b/secret/", "rtmps://cdn.example:443/a/b/***"),
        ("rtmp://cdn.example/secret", "rtmp://cdn.example/***"),
        ("rtmp://cdn.example", "rtmp://cdn.example"),
        ("rtmp://cdn.example/", "rtmp://cdn.example/"),
        ("rtmp://h/live/secret token=secret pageUrl=http://a/b", "rtmp://h/live/***//a/***"),
        ("live/secret", "live/***"),
        ("/live/secret", "/live/***"),
        // Passphrases and tokens.
        ("srt://h:9000?passphrase=secret&mode=caller", "srt://h:9000?passphrase=***&mode=***"),
        ("srt://:9000?streamid=#!::u=admin,r=secret", "srt://:9000?streamid=***#***"),
        ("srt://h:9000?streamid=u@secret&x", "srt://h:9000?streamid=***&***"),
        ("https://h/live/a.m3u8?secret", "https://h/live/***?***"),
        ("https://h/live/a.m3u8?a=1;secret=b;", "https://h/live/***?a=***&secret=***&"),
        ("https://h/exp=1~hmac=secret/a.m3u8", "https://h/***/***"),
        ("https://h/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9/a.ts", "https://h/***/***"),
        ("https://h/a;jsessionid=secret/b", "https://h/***/***"),
        ("https://h/a#secret", "https://h/***#***"),
        // Userinfo.
        ("rtsp://admin:secret@10.0.0.1:554/ch/1", "rtsp://***@10.0.0.1:554/ch/***"),
        ("rtsp://secret@cam.example/1", "rtsp://***@cam.example/***"),
        ("rtsp://admin:se@cret@cam/1", "rtsp://***@cam/***"),
        ("rtsp://admin:se/cret@cam/1", "rtsp://***"),
        ("rtsp://admin:1/cret@cam/1", "rtsp://***"),
        ("rtsp://admin:se@1/cret@cam/1", "rtsp://***@***"),
        ("rtsp://admin:se#cret@cam/1", "rtsp://***"),
        ("rtsp://admin:12?cret@cam/1", "rtsp://***"),
        ("rtsp://admin%3Asecret%40cam/1", "rtsp://***@cam/***"),
        ("rtsp://admin:secret", "rtsp://***"),
        ("admin:secret@cam/live/1", "***@cam/live/***"),
        ("https://video.example/@handle/live", "https://video.example/***/***"),
        // Addresses.
        ("udp://239.1.1.1:5000", "udp://239.1.1.1:5000"),
        ("udp://@239.1.1.1:5000", "udp://***@239.1.1.1:5000"),
        ("srt://u:p@[2001:db8::1%eth0]:9000?a=b", "srt://***@[2001:db8::1%eth0]:9000?a=***"),
        ("http://[::1]/a/b", "http://[::1]/a/***"),
        ("http://[::1]secret/a/b", "http://***"),
        ("http://[::1/a/b", "http://***"),
        ("239.1.1.1:5000", "239.1.1.1:5000"),
        // Files and what is no URL.
        ("file:///media/slate.ts", "file:///media/slate.ts"),
        ("FILE:slate.ts", "FILE:slate.ts"),
        ("slate.ts", "slate.ts"),
        ("../media/slate.ts", "../media/***"),
        ("pipe:0", "pipe:0"),
        ("", ""),
        ("://", "://"),
        ("?", "?"),
        ("color=c=black:s=1x1", "***"),
        // Nested.
        ("async:http://u:p@h/a/secret", "async:http://***@h/a/***"),
        ("concat:rtmp://h/a/secret|rtmp://h/b/secret", "concat:rtmp://h/a/***//h/b/***"),
        ("cam/live?next=rtmp://u:p@h/secret", "cam/***?next=***"),
        // Percent-encoding.
        ("rtmp://h/app%2Fsecret", "rtmp://h/***"),
        ("rtmp://h/a%2Fsecret/b", "rtmp://h/***/***"),
        ("rtmp://h/a?b%3Dsecret=c", "rtmp://h/***?***"),
        // What would leave the line.
        ("rtmp://h\n/a/b", "rtmp://***"),
        (
            "file:a\nb\u{1b}[2J\u{9b}\u{202e}\u{2028}\\",
            "file:a\\nb\\u{1b}[2J\\u{9b}\\u{202e}\\u{2028}\\",
        ),
        ("rtmp://käse.example/müsli/x", "rtmp://käse.example/müsli/***"),
        // Long.
        (&format!("rtmp://{long}/a/b"), "rtmp://***"),
        (&format!("rtmp://h/{long}/b"), "rtmp://h/***/***"),
        (&format!("{long}://h/b"), "***"),
        (&format!("http://h/a?{long}=b"), "http://h/***?***"),
    ];
    for (url, printed) in table {
        assert_eq!(printable_url(url).to_string(), printed, "{:.100}", url);
        assert_eq!(printable_url(printed).to_string(), printed, "once more");
    }
    // The length of what is printed has a limit.
    for url in [
        format!("http://h/{}", "a/".repeat(100_000)),
        format!("http://h/?{}", "a=b&".repeat(100_000)),
        format!("file:{long}"),
    ] {
        let printed = printable_url(&url).to_string();
        assert!(printed.len() < 2 * CUT && printed.contains('…'), "{printed:.2000}");
        let printed = printable_url(&url).with(Urls::Full).to_string();
        assert!(printed.len() < 2 * CUT && printed.ends_with('…'), "{printed:.2000}");
    }
}

#[test]
fn in_full_a_url_is_only_escaped() {
    let url = "rtmp://u:p@h/live/key?a=b#c\n";
    assert_eq!(printable_url(url).with(Urls::Full).to_string(), "rtmp://u:p@h/live/key?a=b#c\\n");
    assert_eq!(printable(url).with(Urls::Full).to_string(), "rtmp://u:p@h/live/key?a=b#c\\n");
}

#[test]
fn texts_stay_on_their_line_and_keep_the_secrets_of_urls() {
    let table = [
        ("", ""),
        ("connection refused", "connection refused"),
        ("refused\r\n12:00 news: restored\t", "refused\\r\\n12:00 news: restored\\t"),
        ("\u{1b}[31m\0\u{7f}\u{85}\u{9b}31m", "\\u{1b}[31m\\u{0}\\u{7f}\\u{85}\\u{9b}31m"),
        ("a\u{2028}b\u{2029}c", "a\\u{2028}b\\u{2029}c"),
        (
            "\u{202e}desrever\u{202c}\u{2066}\u{2069}\u{200f}\u{61c}",
            "\\u{202e}desrever\\u{202c}\\u{2066}\\u{2069}\\u{200f}\\u{61c}",
        ),
        ("C:\\n", "C:\\n"),
        ("é中👩‍👩‍👧", "é中👩‍👩‍👧"),
        (
            "rtmp://u:p@h/live/secret: Connection refused",
            "rtmp://***@h/live/***: Connection refused",
        ),
        (
            "'rtmp://h/live/secret', then (srt://h:1?passphrase=secret)",
            "'rtmp://h/live/***', then (srt://h:1?passphrase=***)",
        ),
        (
            "[https @ 0x5] HTTP error 403 for https://h/a/secret?t=secret.",
            "[https @ 0x5] HTTP error 403 for https://h/a/***?t=***.",
        ),
        ("a=rtmp://h/a/secret\nhttp://h/b/secret", "a=rtmp://h/a/***\\nhttp://h/b/***"),
        ("concat:rtmp://h/a/secret|rtmp://h/b/secret", "concat:rtmp://h/a/***//h/b/***"),
        ("://", "://"),
        ("x ://u:p@h/secret y", "x *** y"),
        ("a :// b", "a :// b"),
    ];
    for (text, printed) in table {
        assert_eq!(printable(text).to_string(), printed, "{text:?}");
        // Where a line break ended a URL, nothing does the second time.
        if text.matches("://").count() < 2 {
            assert_eq!(printable(printed).to_string(), printed, "once more");
        }
        assert!(!printable(printed).to_string().contains("secret"));
    }
}

#[test]
fn names_are_one_word() {
    let table = [
        ("news", "news"),
        ("", "\"\""),
        ("a b", "\"a b\""),
        ("news: exhausted", "\"news: exhausted\""),
        ("a\nb\"\\c", "\"a\\nb\\\"\\\\c\""),
        ("live/a:b", "live/a:b"),
        ("a\\b", "a\\b"),
        ("a \\", "\"a \\\\\""),
    ];
    for (name, printed) in table {
        assert_eq!(printable_name(name).to_string(), printed, "{name:?}");
    }
}
