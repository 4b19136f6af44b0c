//! What an operator may change: name, logo and accent colour, by configuration alone.
//!
//! The accent is moved towards black or white until text on it, and it on the page, reach the contrast
//! that WCAG 2.2 AA asks for; so no configuration makes a page unreadable.

/// The look of one installation.
#[derive(Debug, Clone)]
pub struct Brand {
    /// The name people know the service by.
    pub name: String,
    /// The accent colour as `#rrggbb`; anything else is ignored (see [`accent_is_readable`]).
    pub accent: Option<String>,
    /// A picture instead of the key mark.
    pub logo: Option<Logo>,
    /// Whether this is the development server: more links, more detail.
    pub dev: bool,
    /// The path of the issuer, without a slash at its end: empty, or `/auth`.
    pub base_path: String,
}

impl Default for Brand {
    fn default() -> Self {
        Self {
            name: String::from("Valetkey"),
            accent: None,
            logo: None,
            dev: false,
            base_path: String::new(),
        }
    }
}

/// An operator's logo.
#[derive(Debug, Clone)]
pub struct Logo {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its media type: `image/svg+xml`, `image/png` or `image/webp`.
    pub content_type: String,
}

/// Whether a text can be an accent: `#rrggbb`.
#[must_use]
pub fn accent_is_readable(text: &str) -> bool {
    Colour::parse(text).is_some()
}

/// A colour in sRGB.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Colour {
    red: f64,
    green: f64,
    blue: f64,
}

const LIGHT_SURFACE: Colour = Colour::grey(1.0);
const DARK_SURFACE: Colour = Colour {
    red: 0.106,
    green: 0.129,
    blue: 0.122,
};
/// More than the 4.5 of WCAG AA, because the accent also stands on tinted surfaces.
const TEXT_CONTRAST: f64 = 5.6;

impl Colour {
    const fn grey(level: f64) -> Self {
        Self {
            red: level,
            green: level,
            blue: level,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix('#')?;
        if hex.len() != 6 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let channel = |from: usize| {
            let pair = hex.get(from..from + 2)?;
            u8::from_str_radix(pair, 16).ok().map(|n| f64::from(n) / 255.0)
        };
        Some(Self {
            red: channel(0)?,
            green: channel(2)?,
            blue: channel(4)?,
        })
    }

    /// Relative luminance (WCAG 2.2, "relative luminance").
    fn luminance(self) -> f64 {
        let linear = |c: f64| {
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }

    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn mixed(self, other: Self, share: f64) -> Self {
        let mix = |a: f64, b: f64| a + (b - a) * share;
        Self {
            red: mix(self.red, other.red),
            green: mix(self.green, other.green),
            blue: mix(self.blue, other.blue),
        }
    }

    /// Moved towards `goal` in small steps until it can be read on `surface`.
    fn readable_on(self, surface: Self, goal: Self) -> Self {
        (0..=20)
            .map(|step| self.mixed(goal, f64::from(step) / 20.0))
            .find(|colour| colour.contrast(surface) >= TEXT_CONTRAST)
            .unwrap_or(goal)
    }

    /// Black or white, whichever reads better on this colour.
    fn ink(self) -> &'static str {
        let (black, white) = (Self::grey(0.04), Self::grey(1.0));
        if self.contrast(white) >= self.contrast(black) {
            "#ffffff"
        } else {
            "#0a0a0a"
        }
    }
}

impl std::fmt::Display for Colour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = |c: f64| (c * 1000.0).round() / 10.0;
        write!(
            f,
            "rgb({}% {}% {}%)",
            percent(self.red),
            percent(self.green),
            percent(self.blue)
        )
    }
}

/// The style sheet that carries the operator's accent; empty without one.
#[must_use]
pub fn style_sheet(brand: &Brand) -> String {
    let Some(accent) = brand.accent.as_deref().and_then(Colour::parse) else {
        return String::new();
    };
    let light = accent.readable_on(LIGHT_SURFACE, Colour::grey(0.0));
    let dark = accent.readable_on(DARK_SURFACE, Colour::grey(1.0));
    format!(
        ":root{{--accent:light-dark({light},{dark});--on-accent:light-dark({},{})}}\n",
        light.ink(),
        dark.ink()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accent_that_is_no_colour_changes_nothing() {
        for hostile in ["red", "#12345", "#12345g", "#fff;}body{display:none", "", "#ééé"] {
            assert!(!accent_is_readable(hostile), "{hostile}");
            let brand = Brand {
                accent: Some(hostile.to_owned()),
                ..Brand::default()
            };
            assert_eq!(style_sheet(&brand), "");
        }
    }

    #[test]
    fn every_accent_ends_up_readable_in_light_and_dark() {
        for accent in ["#ffffff", "#000000", "#ffee00", "#0000ff", "#808080", "#ff0066"] {
            let colour = Colour::parse(accent).unwrap();
            let light = colour.readable_on(LIGHT_SURFACE, Colour::grey(0.0));
            let dark = colour.readable_on(DARK_SURFACE, Colour::grey(1.0));
            for (surface, shown) in [(LIGHT_SURFACE, light), (DARK_SURFACE, dark)] {
                assert!(shown.contrast(surface) >= 5.5, "{accent} on its surface");
                let ink = Colour::parse(shown.ink()).unwrap();
                assert!(ink.contrast(shown) >= 4.5, "text on {accent}");
            }
        }
    }
}
