//! The failures of a request before the engine sees it: a status code and a line of text.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::sender::SenderError;

/// A refusal.
#[derive(Debug)]
pub struct Refusal(pub StatusCode, pub String);

impl Refusal {
    /// The request breaks the specification.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, message.into())
    }

    /// The sender may not read this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self(StatusCode::FORBIDDEN, message.into())
    }

    /// The network is at fault.
    pub fn failed(message: impl Into<String>) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, message.into())
    }

    /// There are too many requests for now.
    pub fn overloaded(message: impl Into<String>) -> Self {
        Self(StatusCode::SERVICE_UNAVAILABLE, message.into())
    }
}

impl From<SenderError> for Refusal {
    fn from(error: SenderError) -> Self {
        Self::malformed(error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, format!("{}\n", self.1)).into_response()
    }
}
