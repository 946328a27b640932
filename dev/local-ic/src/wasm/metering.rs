//! Charging one function's instructions to the module's counter.
//!
//! A basic block is charged as a whole when it is entered. The counter is checked at every function entry and loop
//! header, and before every bulk operator, whose length is charged before it runs. So no execution runs further than
//! the straight-line code between two checks. A function that finds the counter below zero ends in `unreachable`. By
//! the counter the host tells this trap from the module's own traps.

use wasm_encoder::reencode::{Error, Reencode, RoundtripReencoder};
use wasm_encoder::{BlockType, Function, Instruction};
use wasmparser::{FunctionBody, Operator};

use super::weights::{FUNCTION_ENTRY, changes_instance, has_length_operand, weight};

/// Where the instrumentation's own items live in the module's index spaces.
#[derive(Clone, Copy)]
pub struct Meter {
    /// The mutable `i64` global that holds the instructions left.
    pub counter: u32,
    /// The function `(i32) -> (i32)` that charges its argument and returns it.
    pub charge: u32,
}

/// A metered function.
pub struct Metered {
    /// The function, its index spaces unchanged.
    pub function: Function,
    /// Whether an operator of it changes tables or drops segments.
    pub changes_instance: bool,
}

/// A basic block: the operators from `start` on, and what they cost together.
struct Block {
    start: usize,
    cost: u64,
    checked: bool,
}

impl Meter {
    /// Charges the operators of `body`.
    pub fn function(&self, body: &FunctionBody<'_>) -> Result<Metered, Error> {
        let mut reencoder = RoundtripReencoder;
        let mut function = reencoder.new_function_with_parsed_locals(body)?;
        let operators = body.get_operators_reader()?.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut blocks = blocks(&operators).into_iter().peekable();
        for (position, operator) in operators.iter().enumerate() {
            while let Some(block) = blocks.next_if(|block| block.start == position) {
                self.charge_block(&mut function, &block);
            }
            if has_length_operand(operator) {
                function.instruction(&Instruction::Call(self.charge));
            }
            function.instruction(&reencoder.instruction(operator.clone())?);
        }
        Ok(Metered { function, changes_instance: operators.iter().any(changes_instance) })
    }

    /// The function that [`Meter::charge`] names.
    pub fn charge_function(&self) -> Function {
        let mut function = Function::new([]);
        function
            .instruction(&Instruction::GlobalGet(self.counter))
            .instruction(&Instruction::LocalGet(0))
            .instruction(&Instruction::I64ExtendI32U)
            .instruction(&Instruction::I64Sub)
            .instruction(&Instruction::GlobalSet(self.counter));
        self.check(&mut function);
        function.instruction(&Instruction::LocalGet(0)).instruction(&Instruction::End);
        function
    }

    fn charge_block(&self, function: &mut Function, block: &Block) {
        if block.cost > 0 {
            function
                .instruction(&Instruction::GlobalGet(self.counter))
                .instruction(&Instruction::I64Const(block.cost as i64))
                .instruction(&Instruction::I64Sub)
                .instruction(&Instruction::GlobalSet(self.counter));
        }
        if block.checked {
            self.check(function);
        }
    }

    fn check(&self, function: &mut Function) {
        function
            .instruction(&Instruction::GlobalGet(self.counter))
            .instruction(&Instruction::I64Const(0))
            .instruction(&Instruction::I64LtS)
            .instruction(&Instruction::If(BlockType::Empty))
            .instruction(&Instruction::Unreachable)
            .instruction(&Instruction::End);
    }
}

/// The basic blocks of a function, in order. An operator that ends a block belongs to it.
fn blocks(operators: &[Operator<'_>]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut current = Block { start: 0, cost: FUNCTION_ENTRY, checked: true };
    for (position, operator) in operators.iter().enumerate() {
        current.cost += weight(operator);
        let checked = matches!(operator, Operator::Loop { .. });
        if checked || ends_block(operator) {
            let next = Block { start: position + 1, cost: 0, checked };
            blocks.push(std::mem::replace(&mut current, next));
        }
    }
    blocks
}

fn ends_block(operator: &Operator<'_>) -> bool {
    use Operator::*;
    matches!(
        operator,
        If { .. }
            | Else
            | End
            | Br { .. }
            | BrIf { .. }
            | BrTable { .. }
            | Return
            | Unreachable
            | ReturnCall { .. }
            | ReturnCallIndirect { .. }
    )
}
