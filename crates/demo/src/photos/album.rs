//! The photos, by the person they belong to, in memory. Gone when the program ends.

use super::picture::{self, Picture};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use valetkey_protocol::time::Timestamp;

/// More photos than this one person cannot have.
const MAX_PHOTOS_PER_PERSON: usize = 100;
/// More people than this cannot have added photos.
const MAX_PEOPLE: usize = 1000;

/// One photo.
#[derive(Debug, Clone)]
pub(super) struct Photo {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) taken_at: String,
    pub(super) picture: Picture,
}

/// A photo as the API shows it.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    id: String,
    title: String,
    description: String,
    taken_at: String,
    width: u32,
    height: u32,
    content_type: &'static str,
    /// The picture itself, with the same token. It is a drawing, so it serves as its own thumbnail.
    href: String,
}

impl Photo {
    pub(super) fn shown(&self, resource: &str) -> Shown {
        Shown {
            id: self.id.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            taken_at: self.taken_at.clone(),
            width: picture::WIDTH,
            height: picture::HEIGHT,
            content_type: picture::CONTENT_TYPE,
            href: format!("{}/photos/{}/image", resource.trim_end_matches('/'), self.id),
        }
    }
}

/// There is no room for another photo.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

/// Everybody's photos. The key is the token's `sub`.
#[derive(Debug, Default)]
pub(super) struct Album {
    of: Mutex<HashMap<String, Vec<Photo>>>,
}

impl Album {
    /// An album in which one person has the demo's three pictures.
    pub(super) fn with_pictures_of(subject: Option<String>) -> Self {
        let of = subject.map(|subject| (subject, examples())).into_iter().collect();
        Self { of: Mutex::new(of) }
    }

    pub(super) fn list(&self, subject: &str) -> Vec<Photo> {
        let of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.get(subject).cloned().unwrap_or_default()
    }

    pub(super) fn find(&self, subject: &str, id: &str) -> Option<Photo> {
        let of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.get(subject)?.iter().find(|photo| photo.id == id).cloned()
    }

    pub(super) fn add(
        &self,
        subject: &str,
        title: String,
        description: String,
        now: Timestamp,
    ) -> Result<Photo, Full> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if !of.contains_key(subject) && of.len() >= MAX_PEOPLE {
            return Err(Full);
        }
        let photos = of.entry(subject.to_owned()).or_default();
        if photos.len() >= MAX_PHOTOS_PER_PERSON {
            return Err(Full);
        }
        let number = photos.len().saturating_add(1);
        let photo = Photo {
            id: format!("photo-{number}"),
            picture: Picture::drawn_for(number, &title),
            title,
            description,
            taken_at: written(now),
        };
        photos.push(photo.clone());
        Ok(photo)
    }
}

fn written(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.0).map_or_else(|_| String::new(), |at| at.to_string())
}

fn examples() -> Vec<Photo> {
    let example = |id: &str, title: &str, description: &str, taken_at: &str, picture| Photo {
        id: id.to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        taken_at: taken_at.to_owned(),
        picture,
    };
    vec![
        example(
            "beach-at-dusk",
            "Dusk at the beach",
            "The little boat came back just before the sun was gone.",
            "2026-08-14T18:41:00Z",
            Picture::BEACH,
        ),
        example(
            "morning-in-the-mountains",
            "Morning above the valley",
            "First coffee on the steps of the hut. Nobody else was awake.",
            "2026-07-03T05:12:00Z",
            Picture::MOUNTAINS,
        ),
        example(
            "city-at-night",
            "The city, half past eleven",
            "From the ferry, on the way home.",
            "2026-05-22T21:30:00Z",
            Picture::CITY,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000);

    #[test]
    fn nobody_sees_another_persons_photos() {
        let album = Album::with_pictures_of(Some("alice".into()));
        assert!(album.list("bob").is_empty());
        assert!(album.find("bob", "beach-at-dusk").is_none());
        assert_eq!(album.list("alice").len(), 3);
        assert!(album.find("alice", "beach-at-dusk").is_some());
    }

    #[test]
    fn an_album_does_not_grow_without_end() {
        let album = Album::default();
        for _ in 0..MAX_PHOTOS_PER_PERSON {
            album.add("bob", "x".into(), String::new(), NOW).unwrap();
        }
        assert!(album.add("bob", "x".into(), String::new(), NOW).is_err());
        for person in 1..MAX_PEOPLE {
            album
                .add(&person.to_string(), "x".into(), String::new(), NOW)
                .unwrap();
        }
        assert!(album.add("one more", "x".into(), String::new(), NOW).is_err());
    }

    #[test]
    fn a_new_photo_gets_an_id_of_its_own_and_the_time_of_now() {
        let album = Album::with_pictures_of(Some("alice".into()));
        let photo = album
            .add("alice", "Cake".into(), "Mine".into(), Timestamp(0))
            .unwrap();
        assert_eq!(photo.id, "photo-4");
        assert_eq!(photo.taken_at, "1970-01-01T00:00:00Z");
        assert_eq!(album.list("alice").len(), 4);
    }
}
