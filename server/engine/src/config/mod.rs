//! Configuration: `fusewright.toml`, under the editor's settings, under the command line's flags.
//!
//! [`Options`] is one layer as it was written, every key optional; [`Settings`] is what the layers resolve
//! to. A fault in a layer is a [`ConfigProblem`] on its line and leaves the other keys in force.

mod check;
mod expected;
mod load;
mod options;
mod settings;
mod trust;

pub use check::{ConfigProblem, ProblemKind, check_json, check_toml};
pub use load::{CONFIG_FILE, Loaded, load, load_trusted};
pub use options::{
    Containment, DatasetOptions, DeviceChoice, LoopOptions, ModelOptions, Options, Provider, PythonOptions,
    Require, RuleOptions, VerifyOptions, schema,
};
pub use settings::{
    DatasetSettings, LoopSettings, ModelSettings, PythonSettings, RuleSettings, Settings, VerifySettings,
};
pub use trust::{TrustError, TrustStore, guarded, settings_of_guarded};

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Set to write the schema anew after the options changed.
    const UPDATE: &str = "FUSEWRIGHT_UPDATE_SCHEMA";

    #[test]
    fn the_schema_that_is_checked_in_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/fusewright.schema.json");
        let mut current = serde_json::to_string_pretty(&super::schema()).unwrap();
        current.push('\n');
        if std::env::var_os(UPDATE).is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &current).unwrap();
        }
        let checked_in = fs::read_to_string(&path).unwrap_or_default();
        assert!(checked_in == current, "run `{UPDATE}=1 cargo test -p fusewright-engine schema`");
    }
}
