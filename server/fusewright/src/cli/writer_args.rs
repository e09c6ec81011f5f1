//! The flags that say who writes.

use std::path::Path;

use anyhow::{anyhow, bail};
use clap::ValueEnum;
use fusewright_engine::config::{ModelOptions, Provider, Settings};
use fusewright_engine::generate::Writer;
use fusewright_engine::model::ModelError;

/// Who writes, instead of whom the workspace's settings name.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct WriterArgs {
    /// Who writes the kernel
    #[arg(long, value_enum)]
    provider: Option<Author>,
    /// The model's name, as the provider knows it
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The address of the model's endpoint
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

/// Who writes a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Author {
    /// Any endpoint that speaks OpenAI's protocol
    Openai,
    /// Anthropic's
    Anthropic,
    /// The program that the settings name
    Command,
    /// No model: TorchInductor's own Triton
    Inductor,
    /// Answers kept in files
    Recorded,
}

impl WriterArgs {
    /// The layer of settings that the flags make.
    pub(crate) fn options(&self) -> ModelOptions {
        let provider = self.provider.map(|author| match author {
            Author::Openai => Provider::Openai,
            Author::Anthropic => Provider::Anthropic,
            Author::Command => Provider::Command,
            Author::Inductor => Provider::Inductor,
            Author::Recorded => Provider::Recorded,
        });
        ModelOptions {
            provider,
            model: self.model.clone(),
            base_url: self.base_url.clone(),
            ..ModelOptions::default()
        }
    }

    /// Whoever writes under these settings. Keys come from the environment.
    pub(crate) fn writer(&self, settings: &Settings, root: &Path) -> anyhow::Result<Writer> {
        if settings.model.provider == Provider::Inductor && (self.model.is_some() || self.base_url.is_some())
        {
            bail!(
                "no provider is named, so TorchInductor would write: add --provider openai or --provider anthropic"
            );
        }
        Writer::of(settings, root, None, &|name| std::env::var(name).ok()).map_err(|error| match error {
            ModelError::Unset { key: "model", .. } => {
                anyhow!("no model is named: pass --model NAME, or set `model` under [model]")
            }
            error => error.into(),
        })
    }
}
