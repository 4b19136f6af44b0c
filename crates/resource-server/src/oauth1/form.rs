//! Reading a body that is a form: a signature covers its parameters (RFC 5849 §3.4.1.3.1), so the layer has to see them
//! before it decides. Any other body is left alone.

use std::error::Error;

use http::header::CONTENT_TYPE;
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use valetkey_protocol::params::is_form;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// What the body of a request says in parameters.
pub(crate) enum Form {
    /// It is no form.
    None,
    /// It is this one.
    Read(Vec<u8>),
    /// It is longer than this.
    TooLong(usize),
    /// It broke off.
    Broken,
}

/// Reads the form, if it is one, and gives a body that says the same. What could not be read is not handed on: such a
/// request is refused.
pub(crate) async fn read<B>(head: &Parts, body: B, most: usize) -> (Option<Form>, B)
where
    B: BodyExt + From<Vec<u8>>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    if !says_form(head) {
        return (Some(Form::None), body);
    }
    match Limited::new(body, most).collect().await {
        Ok(collected) => {
            let bytes = Vec::from(collected.to_bytes());
            (Some(Form::Read(bytes.clone())), B::from(bytes))
        }
        Err(error) => {
            let form = if error.is::<LengthLimitError>() {
                Form::TooLong(most)
            } else {
                Form::Broken
            };
            (Some(form), B::from(Vec::new()))
        }
    }
}

fn says_form(head: &Parts) -> bool {
    let mut types = head.headers.get_all(CONTENT_TYPE).iter();
    types.any(|kind| is_form(kind.as_bytes()))
}

impl Form {
    /// The form as it stands.
    pub(super) fn bytes(&self, trail: &mut Trail) -> Result<Option<&[u8]>, Refusal> {
        match self {
            Self::None => Ok(None),
            Self::Read(bytes) => {
                trail.passed(Rule::RequestTooLarge);
                Ok(Some(bytes))
            }
            Self::TooLong(most) => Err(trail.refuse(Refusal::new(
                Rule::RequestTooLarge,
                format!("a form of at most {most} bytes"),
                "a longer one",
            ))),
            Self::Broken => Err(trail.refuse(Refusal::new(
                Rule::OAuth1ParametersUnreadable,
                "a whole form",
                "one that broke off",
            ))),
        }
    }
}
