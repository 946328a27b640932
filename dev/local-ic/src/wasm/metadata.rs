//! A module's `icp:public` and `icp:private` custom sections.

use std::collections::BTreeMap;

/// The readers of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Anybody.
    Public,
    /// The controllers of the canister.
    Private,
}

/// The sections of one module, by the name after their scope.
#[derive(Default)]
pub struct Metadata {
    sections: BTreeMap<String, (Visibility, Vec<u8>)>,
}

impl Metadata {
    /// Adds a section. Returns whether its name is new.
    pub fn insert(&mut self, name: &str, visibility: Visibility, contents: &[u8]) -> bool {
        self.sections.insert(name.to_owned(), (visibility, contents.to_vec())).is_none()
    }

    /// The section with this name.
    pub fn get(&self, name: &str) -> Option<(Visibility, &[u8])> {
        self.sections.get(name).map(|(visibility, contents)| (*visibility, contents.as_slice()))
    }

    /// The sections, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Visibility, &[u8])> {
        self.sections.iter().map(|(name, (visibility, contents))| (name.as_str(), *visibility, contents.as_slice()))
    }

    /// The number of sections.
    pub fn len(&self) -> usize {
        self.sections.len()
    }

    /// Bytes of names and contents together.
    pub fn bytes(&self) -> usize {
        self.sections.iter().map(|(name, (_, contents))| name.len() + contents.len()).sum()
    }
}
