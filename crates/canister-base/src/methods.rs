//! The table of methods with their argument and reply types.

/// Exports each method of a table. The function `update` or `query` of the module `admission` runs the function of the
/// method's name in the module `endpoints`. Both modules must be in scope, and `candid` must be a dependency. For tests
/// it also writes the interface as candid text, to be compared with the canister's .did file.
#[macro_export]
macro_rules! methods {
    (init($init:ty); $($mode:ident $name:ident($($argument:ty),*) -> $reply:ty;)*) => {
        #[allow(unsafe_code, reason = "the platform calls them by these names")]
        mod exports {
            use super::{admission, endpoints};
            $(
                // Linkers of other targets do not accept a space in a name.
                #[cfg_attr(
                    target_family = "wasm",
                    unsafe(export_name = concat!("canister_", stringify!($mode), " ", stringify!($name)))
                )]
                #[cfg_attr(
                    not(target_family = "wasm"),
                    unsafe(export_name = concat!("canister_", stringify!($mode), ".", stringify!($name)))
                )]
                extern "C" fn $name() {
                    admission::$mode(stringify!($name), endpoints::$name);
                }
            )*
        }

        /// The interface as candid text, derived from the types in the code.
        #[cfg(test)]
        fn candid_interface() -> String {
            use candid::types::{Function, TypeInner};
            let mut types = candid::types::internal::TypeContainer::new();
            let mut service = vec![$({
                let function = Function {
                    modes: $crate::methods::mode(stringify!($mode)),
                    args: vec![$(types.add::<$argument>()),*],
                    rets: vec![types.add::<$reply>()],
                };
                (stringify!($name).to_string(), TypeInner::Func(function).into())
            }),*];
            service.sort_by(|(one, _): &(String, candid::types::Type), (other, _)| one.cmp(other));
            let class = TypeInner::Class(vec![types.add::<$init>()], TypeInner::Service(service).into());
            candid::pretty::candid::compile(&types.env, &Some(class.into()))
        }
    };
}

/// Candid's modes of a method that is exported as `update` or `query`.
pub fn mode(name: &str) -> Vec<candid::types::FuncMode> {
    if name == "query" { vec![candid::types::FuncMode::Query] } else { Vec::new() }
}
