//! Labels as people write them.

use candid::Principal;
use directory_core::label::Label;

/// A label as its user writes it: a name, an address in the platform's letters, or `the registrar`.
pub fn label_text(label: &Label) -> String {
    match label {
        Label::Registrar => "the registrar".to_owned(),
        Label::Address(bytes) => Principal::from_slice(bytes).to_text(),
        Label::Name(name) => name.clone(),
    }
}
