//! The entry points of a canister, as system calls restrict them.

/// An entry point of a canister.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryPoint {
    /// The module's start function.
    Start,
    /// `canister_init`.
    Init,
    /// `canister_pre_upgrade`.
    PreUpgrade,
    /// `canister_post_upgrade`.
    PostUpgrade,
    /// `canister_update <name>`.
    Update,
    /// `canister_query <name>`, called as an update.
    ReplicatedQuery,
    /// `canister_query <name>`.
    Query,
    /// `canister_composite_query <name>`.
    CompositeQuery,
    /// The reply callback of a call.
    ReplyCallback,
    /// The reject callback of a call.
    RejectCallback,
    /// The cleanup callback of a call whose reply or reject callback trapped.
    Cleanup,
    /// `canister_heartbeat`.
    Heartbeat,
    /// `canister_global_timer`.
    GlobalTimer,
    /// `canister_on_low_wasm_memory`.
    OnLowWasmMemory,
    /// `canister_inspect_message`.
    InspectMessage,
}

impl EntryPoint {
    /// Whether all replicas run it and agree on the result. The changes of other entry
    /// points are discarded.
    pub fn is_replicated(self) -> bool {
        !matches!(self, Self::Query | Self::CompositeQuery | Self::InspectMessage)
    }

    /// Whether its changes are discarded even if it succeeds.
    pub fn is_read_only(self) -> bool {
        !self.is_replicated() || self == Self::ReplicatedQuery
    }

    /// Whether it is part of an installation or upgrade.
    pub fn installs(self) -> bool {
        matches!(self, Self::Start | Self::Init | Self::PreUpgrade | Self::PostUpgrade)
    }
}

/// A set of entry points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryPoints(u16);

impl EntryPoints {
    /// The set of `points`.
    pub const fn of(points: &[EntryPoint]) -> Self {
        let (mut set, mut index) = (0, 0);
        while index < points.len() {
            set |= 1 << points[index] as u16;
            index += 1;
        }
        Self(set)
    }

    /// The union with `other`.
    pub const fn and(self, other: EntryPoints) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `point` is in the set.
    pub fn contains(self, point: EntryPoint) -> bool {
        self.0 & 1 << point as u16 != 0
    }
}
