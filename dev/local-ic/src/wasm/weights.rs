//! The price of each WebAssembly operator, in instructions.
//!
//! The table is the platform's for 32-bit memories. Operators that it does not name cost 1. Bulk operators
//! cost one instruction more for each byte or table element, see [`has_length_operand`].

use wasmparser::Operator;

/// The cost of entering a function, besides its operators.
pub const FUNCTION_ENTRY: u64 = 1;

/// The price of `operator`.
pub fn weight(operator: &Operator<'_>) -> u64 {
    use Operator::*;
    match operator {
        Block { .. } | Loop { .. } | Else | End => 0,
        If { .. } | Br { .. } | BrIf { .. } | BrTable { .. } => 2,
        Call { .. } => 5,
        CallIndirect { .. } => 10,
        ReturnCall { .. } => 3,
        ReturnCallIndirect { .. } => 60,
        GlobalGet { .. } | GlobalSet { .. } => 2,
        TableGet { .. } | TableSet { .. } | RefIsNull => 5,
        MemorySize { .. } => 20,
        TableSize { .. } => 100,
        RefFunc { .. } => 130,
        MemoryGrow { .. } | TableGrow { .. } | DataDrop { .. } | ElemDrop { .. } => 300,
        MemoryCopy { .. } | MemoryFill { .. } | MemoryInit { .. } => 100,
        TableCopy { .. } | TableFill { .. } | TableInit { .. } => 100,
        I32DivS | I32DivU | I32RemS | I32RemU | I64DivS | I64DivU | I64RemS | I64RemU => 10,
        _ => float(operator).or_else(|| vector(operator)).unwrap_or(1),
    }
}

/// The scalar floating-point operators that do not cost 1.
fn float(operator: &Operator<'_>) -> Option<u64> {
    use Operator::*;
    Some(match operator {
        F32Add | F32Sub | F32Mul | F32Ceil | F32Floor | F32Trunc | F32Nearest => 2,
        F64Add | F64Sub | F64Mul | F64Ceil | F64Floor | F64Trunc | F64Nearest => 2,
        F32Copysign => 2,
        F64Copysign => 3,
        F32Div => 3,
        F64Div => 5,
        F32Sqrt => 5,
        F64Sqrt => 8,
        F32Min | F32Max | F64Min | F64Max => 18,
        F32Eq | F32Ne | F32Lt | F32Gt | F32Le | F32Ge => 3,
        F64Eq | F64Ne | F64Lt | F64Gt | F64Le | F64Ge => 3,
        F32ConvertI32S | F32ConvertI64S | F64ConvertI32S | F64ConvertI64S => 3,
        F32ConvertI32U | F32ConvertI64U | F64ConvertI32U | F64ConvertI64U => 16,
        I32TruncF32S | I32TruncF32U | I32TruncF64S | I32TruncF64U => 20,
        I64TruncF32S | I64TruncF32U | I64TruncF64S | I64TruncF64U => 20,
        I32TruncSatF32S | I32TruncSatF32U | I32TruncSatF64S | I32TruncSatF64U => 20,
        I64TruncSatF32S | I64TruncSatF32U | I64TruncSatF64S | I64TruncSatF64U => 20,
        _ => return None,
    })
}

/// The vector operators that do not cost 1.
fn vector(operator: &Operator<'_>) -> Option<u64> {
    use Operator::*;
    Some(match operator {
        I8x16LtU | I8x16GtU | I16x8LtU | I16x8GtU | I32x4LtU | I32x4GtU => 2,
        I8x16ShrU | I16x8Shl | I16x8ShrS | I16x8ShrU | I32x4Shl | I32x4ShrS | I32x4ShrU => 2,
        I64x2Shl | I64x2ShrU | I32x4Mul => 2,
        I16x8ExtAddPairwiseI8x16U | I16x8ExtMulHighI8x16S | I16x8ExtMulHighI8x16U => 2,
        I32x4ExtMulLowI16x8S | I32x4ExtMulHighI16x8S => 2,
        I32x4ExtMulLowI16x8U | I32x4ExtMulHighI16x8U => 2,
        F32x4Ceil | F32x4Floor | F32x4Trunc | F32x4Nearest | F32x4Abs | F32x4Neg => 2,
        F64x2Ceil | F64x2Floor | F64x2Trunc | F64x2Nearest | F64x2Abs | F64x2Neg => 2,
        F32x4Add | F32x4Sub | F32x4Mul | F64x2Add | F64x2Sub | F64x2Mul => 2,
        I32x4TruncSatF32x4S | I32x4TruncSatF64x2SZero => 2,
        I8x16Shuffle { .. } | I8x16Popcnt | I8x16Shl | I8x16ShrS | I64x2ShrS => 3,
        I32x4ExtAddPairwiseI16x8U | I32x4TruncSatF64x2UZero => 3,
        I64x2Mul | F32x4Min | F32x4Max | F64x2Min => 4,
        I32x4TruncSatF32x4U | F32x4ConvertI32x4U => 4,
        F64x2Max | F32x4Sqrt => 5,
        F32x4Div => 10,
        F64x2Div => 12,
        F64x2Sqrt => 14,
        _ => return None,
    })
}

/// Whether the topmost operand is a number of bytes or elements that the platform charges for.
pub fn has_length_operand(operator: &Operator<'_>) -> bool {
    use Operator::*;
    matches!(
        operator,
        MemoryCopy { .. }
            | MemoryFill { .. }
            | MemoryInit { .. }
            | TableCopy { .. }
            | TableFill { .. }
            | TableInit { .. }
    )
}

/// Whether the operator changes state that belongs to an instance and not to the canister: tables and the
/// presence of segments.
pub fn changes_instance(operator: &Operator<'_>) -> bool {
    use Operator::*;
    matches!(
        operator,
        TableSet { .. }
            | TableGrow { .. }
            | TableFill { .. }
            | TableCopy { .. }
            | TableInit { .. }
            | ElemDrop { .. }
            | DataDrop { .. }
    )
}
