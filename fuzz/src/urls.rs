//! How URLs and texts of others are printed: on their line, and without secrets.

use arbitrary::{Arbitrary, Unstructured};
use changeover::ffi::{changeover_printable, changeover_printable_url, CHANGEOVER_OK};
use changeover::{printable, printable_url};
use std::ffi::c_char;
use std::ptr::null_mut;

/// Nobody else says that.
const SECRET: &str = "hunter2HUNTER2";

/// Where a URL has a secret.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Place {
    Password,
    User,
    LastSegment,
    QueryValue,
    Fragment,
}

/// The parts of a URL, none of which has the secret.
#[derive(Arbitrary, Debug)]
struct Parts<'a> {
    place: Place,
    scheme: Option<&'a str>,
    user: &'a str,
    host: &'a str,
    parents: &'a str,
    name: &'a str,
    behind: &'a str,
    /// Whether they are those that URLs mostly have.
    usual: u8,
}

impl Parts<'_> {
    fn url(&self) -> String {
        let Parts { place, scheme, user, host, parents, name, behind, usual } = self;
        let or = |bit: u8, usual_one: &'static str, own: &str| {
            if usual & bit == 0 {
                usual_one.to_owned()
            } else {
                own.to_owned()
            }
        };
        let scheme = match scheme {
            // What begins so is printed in full.
            Some(scheme) if !scheme.to_ascii_lowercase().starts_with("file:") => {
                or(1, "rtmp", scheme)
            }
            _ => "srt".into(),
        };
        let (user, host) = (or(2, "admin", user), or(4, "cam.example:554", host));
        let (parents, name) = (or(8, "live/a", parents), or(16, "token", name));
        let url = match place {
            Place::Password => format!("{scheme}://{user}:{SECRET}@{host}/{parents}{behind}"),
            Place::User => format!("{scheme}://{SECRET}@{host}/{parents}{behind}"),
            Place::LastSegment => format!("{scheme}://{host}/{parents}/{SECRET}"),
            Place::QueryValue => format!("{scheme}://{host}/{parents}?{name}={SECRET}{behind}"),
            Place::Fragment => format!("{scheme}://{host}/{parents}#{SECRET}{behind}"),
        };
        if url.to_ascii_lowercase().starts_with("file:") {
            format!("x{url}")
        } else {
            url
        }
    }
}

fn stays_on_its_line(printed: &str) {
    let leaves = |letter: char| {
        letter.is_control()
            || ('\u{2028}'..='\u{202e}').contains(&letter)
            || ('\u{2066}'..='\u{2069}').contains(&letter)
            || ['\u{61c}', '\u{200e}', '\u{200f}'].contains(&letter)
    };
    assert!(!printed.contains(leaves), "{printed:?}");
}

type Print = unsafe extern "C" fn(*const c_char, usize, *mut c_char, usize, *mut usize) -> i32;

/// The same from C, into a buffer of any size.
fn in_c(print: Print, text: &[u8], size: usize, expected: &str) {
    let mut buffer = vec![0x55_u8; size];
    let at = if size == 0 { null_mut() } else { buffer.as_mut_ptr().cast() };
    let mut length = usize::MAX;
    // SAFETY: text and buffer are as long as is said.
    let code = unsafe { print(text.as_ptr().cast(), text.len(), at, size, &mut length) };
    assert_eq!((code, length), (CHANGEOVER_OK, expected.len()));
    if let Some(room) = size.checked_sub(1) {
        let end = buffer.iter().position(|byte| *byte == 0).expect("a NUL");
        let written = std::str::from_utf8(&buffer[..end]).expect("it is cut between characters");
        // What has a NUL in it has it escaped.
        assert!(expected.starts_with(written));
        assert!(end == expected.len() || end + 4 > room, "{end} bytes, though {room} had room");
    }
}

pub fn run(bytes: &[u8]) {
    let mut chance = Unstructured::new(bytes);
    let size = chance.arbitrary::<u8>().map_or(0, usize::from);
    let is_built = chance.arbitrary().unwrap_or(false);
    if is_built {
        let Ok(parts) = chance.arbitrary::<Parts>() else { return };
        let url = parts.url();
        // Once: what stands elsewhere is no secret.
        if url.matches("hunter2").count() != 1 {
            return;
        }
        let printed = printable_url(&url).to_string();
        stays_on_its_line(&printed);
        assert!(!printed.contains(SECRET), "{url:?} is printed as {printed:?}");
        // In a text a URL ends at white space, and one of a file may begin in its midst.
        let has_another = url.to_ascii_lowercase().contains("file:");
        if !has_another && !url.contains(char::is_whitespace) {
            let printed = printable(&format!("can't open {url}: refused")).to_string();
            assert!(!printed.contains(SECRET), "{url:?} in a text is printed as {printed:?}");
        }
        in_c(changeover_printable_url, url.as_bytes(), size, &printed);
        return;
    }
    let rest = chance.take_rest();
    let text = String::from_utf8_lossy(rest);
    let printed = printable_url(&text).to_string();
    stays_on_its_line(&printed);
    in_c(changeover_printable_url, rest, size, &printed);
    // What is cut, or longer by its escapes, is cut again.
    if printed.len() < 1000 {
        assert_eq!(printable_url(&printed).to_string(), printed, "once more");
    }
    let printed = printable(&text).to_string();
    stays_on_its_line(&printed);
    in_c(changeover_printable, rest, size, &printed);
}
