//! The pictures: three that the demo ships, and one that it draws for each photo that is added.

use std::borrow::Cow;

/// Every picture's width in pixels, when it is not scaled.
pub(super) const WIDTH: u32 = 1200;
/// Every picture's height in pixels, when it is not scaled.
pub(super) const HEIGHT: u32 = 800;
/// All pictures are drawings.
pub(super) const CONTENT_TYPE: &str = "image/svg+xml";

/// An SVG document.
#[derive(Debug, Clone)]
pub(super) struct Picture(Cow<'static, str>);

impl Picture {
    pub(super) const BEACH: Self = Self(Cow::Borrowed(include_str!(
        "../../assets/photos/beach-at-dusk.svg"
    )));
    pub(super) const MOUNTAINS: Self = Self(Cow::Borrowed(include_str!(
        "../../assets/photos/morning-in-the-mountains.svg"
    )));
    pub(super) const CITY: Self = Self(Cow::Borrowed(include_str!(
        "../../assets/photos/city-at-night.svg"
    )));

    /// A hill and a sun in colours that follow from the number, with the title below.
    pub(super) fn drawn_for(number: usize, title: &str) -> Self {
        let hue = number.wrapping_mul(67) % 360;
        let (sun, hill) = ((hue + 40) % 360, (hue + 150) % 360);
        let title = escaped(title);
        Self(Cow::Owned(format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 1200 800">
<title>{title}</title>
<defs><linearGradient id="s" x2="0" y2="1"><stop stop-color="hsl({hue} 60% 45%)"/><stop offset="1" stop-color="hsl({sun} 85% 82%)"/></linearGradient></defs>
<rect width="1200" height="800" fill="url(#s)"/>
<circle cx="820" cy="330" r="120" fill="hsl({sun} 95% 90%)"/>
<path d="M0 560C240 430 420 470 640 540 860 600 1020 520 1200 470V800H0Z" fill="hsl({hill} 35% 42%)"/>
<path d="M0 660C300 580 520 640 760 660 940 670 1080 640 1200 610V800H0Z" fill="hsl({hill} 40% 28%)"/>
<text x="60" y="740" font-family="Georgia,serif" font-size="52" fill="#fff">{title}</text>
</svg>
"##
        )))
    }

    pub(super) fn into_svg(self) -> Cow<'static, str> {
        self.0
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

    #[test]
    fn a_title_cannot_put_a_script_into_its_picture() {
        let svg = Picture::drawn_for(4, "</text><script>alert(1)</script>&")
            .into_svg()
            .into_owned();
        assert!(!svg.contains("<script"), "{svg}");
        assert!(svg.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;"));
    }

    #[test]
    fn the_shipped_pictures_are_small_and_hold_no_script() {
        for Picture(svg) in [Picture::BEACH, Picture::MOUNTAINS, Picture::CITY] {
            assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
            assert!(svg.len() < 20_000 && !svg.contains("<script") && !svg.contains("href"));
        }
    }
}
