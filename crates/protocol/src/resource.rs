//! Resource indicators (RFC 8707 §2): the absolute URI, without fragment, of the API a token is for.

use serde::{Deserialize, Serialize};

/// The identifier of a resource server, compared character by character.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceIndicator(String);

/// Not an absolute URI, or it has a fragment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a resource indicator is an absolute URI without a fragment (RFC 8707 §2)")]
pub struct InvalidResource;

impl ResourceIndicator {
    /// Takes the text as it stands when it is an absolute URI without fragment.
    pub fn parse(text: &str) -> Result<Self, InvalidResource> {
        if text.len() > 2048 || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(InvalidResource);
        }
        let url = url::Url::parse(text).map_err(|_| InvalidResource)?;
        if url.fragment().is_some() {
            return Err(InvalidResource);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ResourceIndicator {
    type Error = InvalidResource;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ResourceIndicator> for String {
    fn from(resource: ResourceIndicator) -> Self {
        resource.0
    }
}

impl std::fmt::Display for ResourceIndicator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_an_absolute_ascii_uri_without_fragment() {
        for bad in [
            "",
            "photos",
            "/photos",
            "//photos.example",
            "https://photos.example#x",
            "https://photos.example/#",
            " https://photos.example",
            "https://photos.example/a b",
            "https://photos.example/ä",
            &format!("https://photos.example/{}", "x".repeat(2048)),
        ] {
            assert_eq!(ResourceIndicator::parse(bad), Err(InvalidResource), "{bad:?}");
        }
        for good in [
            "https://photos.example",
            "http://localhost:8081",
            "urn:example:photos",
        ] {
            assert_eq!(ResourceIndicator::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn resources_compare_by_the_letter() {
        let of = |text| ResourceIndicator::parse(text).unwrap();
        assert_ne!(of("https://photos.example"), of("https://photos.example/"));
        assert_ne!(of("https://photos.example"), of("https://PHOTOS.example"));
    }
}
