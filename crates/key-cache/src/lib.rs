//! The key cache.
