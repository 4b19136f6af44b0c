//! A picture that a phone reads (ISO/IEC 18004), as SVG to stand inside a page: no script, no style, no other address.
//!
//! Dark on white whatever the page's colours are, with the four modules of quiet zone that readers ask for.

use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write as _;

/// ISO/IEC 18004 §9.1.
const QUIET_MODULES: usize = 4;

/// The picture of a text; `title` tells those who cannot see it what it is. `None` when the text is too long for one
/// (2,331 bytes).
#[must_use]
pub fn svg(text: &str, title: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let side = width + 2 * QUIET_MODULES;
    let mut path = String::new();
    for (row, modules) in code.to_colors().chunks(width).enumerate() {
        draw_row(modules, row + QUIET_MODULES, &mut path);
    }
    let title = escaped(title);
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"qr\" role=\"img\" viewBox=\"0 0 {side} {side}\" \
         width=\"240\" height=\"240\" shape-rendering=\"crispEdges\"><title>{title}</title>\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// One bar for each run of dark modules.
fn draw_row(modules: &[Color], y: usize, path: &mut String) {
    let mut x = QUIET_MODULES;
    for run in modules.chunk_by(|a, b| a == b) {
        let length = run.len();
        if run.first() == Some(&Color::Dark) {
            // Writing to a text does not fail.
            let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
        }
        x += length;
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str =
        "otpauth://totp/Example:alice%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example";

    /// The modules that the picture shows, read back from its bars.
    fn seen(svg: &str) -> Vec<Vec<bool>> {
        let side: usize = svg
            .split_once("viewBox=\"0 0 ")
            .and_then(|(_, rest)| rest.split_once(' '))
            .map(|(side, _)| side.parse().unwrap())
            .unwrap();
        let mut modules = vec![vec![false; side]; side];
        let bars = svg.split("fill=\"#000\" d=\"").nth(1).unwrap();
        for bar in bars.split('"').next().unwrap().split('M').skip(1) {
            let numbers: Vec<usize> = bar
                .split(|letter: char| !letter.is_ascii_digit())
                .filter_map(|number| number.parse().ok())
                .collect();
            modules[numbers[1]][numbers[0]..numbers[0] + numbers[2]].fill(true);
        }
        modules
    }

    #[test]
    fn a_text_that_no_picture_holds_gives_none() {
        assert_eq!(svg(&"x".repeat(3000), "too long"), None);
    }

    #[test]
    fn the_picture_has_every_module_in_its_place_and_a_quiet_zone_around() {
        let modules = seen(&svg(URI, "Scan").unwrap());
        let code = QrCode::with_error_correction_level(URI, EcLevel::M).unwrap();
        let inside = QUIET_MODULES..QUIET_MODULES + code.width();
        assert_eq!(modules.len(), code.width() + 2 * QUIET_MODULES);
        for (y, row) in modules.iter().enumerate() {
            for (x, dark) in row.iter().enumerate() {
                let expected = inside.contains(&x)
                    && inside.contains(&y)
                    && code[(x - QUIET_MODULES, y - QUIET_MODULES)] == Color::Dark;
                assert_eq!(*dark, expected, "{x} {y}");
            }
        }
    }

    #[test]
    fn the_picture_has_a_name_and_nothing_that_runs_or_loads() {
        let picture = svg(URI, "<script>alert(1)</script> & more").unwrap();
        assert!(picture.contains("<title>&lt;script&gt;alert(1)&lt;/script&gt; &amp; more</title>"));
        for word in ["<script", "style=", "href", "url(", "onload", "<image", "<?xml"] {
            assert!(!picture.contains(word), "{word}");
        }
        assert!(picture.len() < 20_000, "{}", picture.len());
    }
}
