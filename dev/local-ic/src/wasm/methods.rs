//! The entry points that a module exports.

use std::collections::{HashMap, HashSet};

const HOOKS: [&str; 7] = [
    "canister_init",
    "canister_pre_upgrade",
    "canister_post_upgrade",
    "canister_inspect_message",
    "canister_heartbeat",
    "canister_global_timer",
    "canister_on_low_wasm_memory",
];

/// Whether `export` is an entry point that the platform itself calls.
pub fn is_hook(export: &str) -> bool {
    HOOKS.contains(&export)
}

/// The kind of a public method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodKind {
    /// `canister_update`.
    Update,
    /// `canister_query`.
    Query,
    /// `canister_composite_query`.
    CompositeQuery,
}

impl MethodKind {
    /// The kind and the method's name, if `export` is that of a public method.
    pub fn parse(export: &str) -> Option<(Self, &str)> {
        let (prefix, name) = export.split_once(' ')?;
        let kind =
            [Self::Update, Self::Query, Self::CompositeQuery].into_iter().find(|kind| kind.prefix() == prefix)?;
        Some((kind, name))
    }

    /// The export that a method of this kind has.
    pub fn export(self, name: &str) -> String {
        format!("{} {name}", self.prefix())
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Update => "canister_update",
            Self::Query => "canister_query",
            Self::CompositeQuery => "canister_composite_query",
        }
    }
}

/// The public methods and hooks of a module.
#[derive(Default)]
pub struct Methods {
    methods: HashMap<String, MethodKind>,
    hooks: HashSet<String>,
}

impl Methods {
    /// Adds a public method.
    pub fn insert(&mut self, name: &str, kind: MethodKind) {
        self.methods.insert(name.to_owned(), kind);
    }

    /// Adds a hook.
    pub fn insert_hook(&mut self, export: &str) {
        self.hooks.insert(export.to_owned());
    }

    /// The kind of the method with this name, if there is one.
    pub fn kind(&self, name: &str) -> Option<MethodKind> {
        self.methods.get(name).copied()
    }

    /// Whether the module exports this hook.
    pub fn has_hook(&self, export: &str) -> bool {
        self.hooks.contains(export)
    }

    /// The number of public methods.
    pub fn len(&self) -> usize {
        self.methods.len()
    }

    /// The bytes of their names together.
    pub fn name_bytes(&self) -> usize {
        self.methods.keys().map(String::len).sum()
    }
}
