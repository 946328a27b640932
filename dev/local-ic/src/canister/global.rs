//! The mutable globals of a canister's module.

use serde::{Deserialize, Serialize};
use wasmtime::Val;

/// The value of a global. Floats are their bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Global {
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// A 32-bit float.
    F32(u32),
    /// A 64-bit float.
    F64(u64),
}

impl Global {
    /// The bits of the value.
    pub fn bits(self) -> u64 {
        match self {
            Self::I32(value) => u64::from(value as u32),
            Self::I64(value) => value as u64,
            Self::F32(bits) => bits.into(),
            Self::F64(bits) => bits,
        }
    }

    /// Whether both have the same type.
    pub fn has_type_of(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}

impl From<&Val> for Global {
    fn from(value: &Val) -> Self {
        match *value {
            Val::I32(value) => Self::I32(value),
            Val::I64(value) => Self::I64(value),
            Val::F32(bits) => Self::F32(bits),
            Val::F64(bits) => Self::F64(bits),
            _ => unreachable!("validation admits numeric globals only"),
        }
    }
}

impl From<Global> for Val {
    fn from(global: Global) -> Self {
        match global {
            Global::I32(value) => Self::I32(value),
            Global::I64(value) => Self::I64(value),
            Global::F32(bits) => Self::F32(bits),
            Global::F64(bits) => Self::F64(bits),
        }
    }
}
