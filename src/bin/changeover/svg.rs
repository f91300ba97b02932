//! A picture of lanes over time, as SVG: one file, no script, readable in a browser and in a report.

use std::fmt::Write;

/// Where lanes begin and how far they reach.
const LEFT: f64 = 170.0;
const WIDTH: f64 = 1000.0;
const RIGHT: f64 = 30.0;

/// Escapes what others wrote.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// What is drawn so far; lanes one below the other.
pub(crate) struct Picture {
    body: String,
    y: f64,
    from: u64,
    span: f64,
}

impl Picture {
    /// Of a time, in any unit.
    pub(crate) fn new(from: u64, until: u64) -> Picture {
        let span = until.saturating_sub(from).max(1) as f64;
        Picture { body: String::new(), y: 16.0, from, span }
    }

    fn x(&self, at: u64) -> f64 {
        LEFT + WIDTH * (at.saturating_sub(self.from) as f64 / self.span).min(1.0)
    }

    fn put(&mut self, text: std::fmt::Arguments) {
        // Writing to a string can't fail.
        let _ = self.body.write_fmt(text);
        self.body.push('\n');
    }

    pub(crate) fn heading(&mut self, text: &str) {
        self.y += 14.0;
        let y = self.y;
        self.put(format_args!(r#"<text class="h" x="8" y="{y:.1}">{}</text>"#, escaped(text)));
        self.y += 8.0;
    }

    /// A lane with its name, and pieces of it: from, until, class, and what is said of it.
    pub(crate) fn lane(&mut self, name: &str, height: f64, pieces: &[(u64, u64, String, String)]) {
        let (y, middle) = (self.y, self.y + height * 0.5 + 4.0);
        self.put(format_args!(
            r#"<text x="{:.1}" y="{middle:.1}" text-anchor="end">{}</text>"#,
            LEFT - 8.0,
            escaped(name)
        ));
        for (from, until, class, says) in pieces {
            let (x, width) = (self.x(*from), (self.x(*until) - self.x(*from)).max(0.5));
            self.put(format_args!(
                r#"<rect class="{class}" x="{x:.2}" y="{y:.1}" width="{width:.2}" height="{height}"><title>{}</title></rect>"#,
                escaped(says)
            ));
        }
        self.y += height + 3.0;
    }

    /// A mark across the last lanes, from this far above.
    pub(crate) fn mark(&mut self, at: u64, height: f64, says: &str) {
        let (x, top, bottom) = (self.x(at), self.y - height, self.y);
        self.put(format_args!(
            r#"<path class="mark" d="M{x:.2} {top:.1}V{bottom:.1}"><title>{}</title></path>"#,
            escaped(says)
        ));
    }

    /// How far down it reaches.
    pub(crate) fn depth(&self) -> f64 {
        self.y
    }

    /// Times along the bottom.
    pub(crate) fn axis(&mut self, ticks: &[(u64, String)]) {
        let y = self.y + 14.0;
        for (at, name) in ticks {
            let x = self.x(*at);
            let bottom = self.y;
            self.put(format_args!(r#"<path class="tick" d="M{x:.2} 16V{bottom:.1}"/>"#));
            self.put(format_args!(
                r#"<text x="{x:.2}" y="{y:.1}" text-anchor="middle">{}</text>"#,
                escaped(name)
            ));
        }
        self.y += 20.0;
    }

    /// The whole file.
    pub(crate) fn finish(self, title: &str, style: &str) -> String {
        let (width, height) = (LEFT + WIDTH + RIGHT, self.y + 8.0);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height:.0}\" width=\"{width}\" \
             height=\"{height:.0}\">\n<title>{}</title>\n<style>{style}</style>\n\
             <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n{}</svg>\n",
            escaped(title),
            self.body
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_text() {
        let mut picture = Picture::new(0, 10);
        picture.heading("<script>alert(1)</script>");
        picture.lane("a&b", 10.0, &[(0, 5, "x".into(), "\"q\"".into())]);
        let file = picture.finish("</title>", "");
        assert!(!file.contains("<script>") && file.contains("a&amp;b") && file.contains("&quot;q"));
        assert!(file.starts_with("<svg") && file.contains("<title>&lt;/title&gt;</title>"));
    }
}
