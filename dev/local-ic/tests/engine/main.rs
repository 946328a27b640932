//! Tests of the engine through its public interface. They are one program, because each program that links the compiler
//! takes long to link and much disk space.

mod common;

mod cycles;
mod deleting;
mod heap_random_writes;
mod history;
mod instances;
mod lifecycle;
mod limits;
mod low_memory;
mod management;
mod memory_model;
mod metering_operators;
mod metering_system_calls;
mod old_system;
mod permissions;
mod queries_beside_updates;
mod query_isolation;
mod query_statistics;
mod refunds;
mod replaced_memories;
mod rollback_update;
mod rollback_upgrade;
mod save_restore;
mod self_calls;
mod snapshots;
mod threads;
mod timers;
mod validation;
