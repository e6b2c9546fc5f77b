//! A version of a source as it is being locked.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{Catalog, LockedSource, Origin, Recipe, RelPath, Selected, Sha256, Version};

/// A version of a source with our files for it, as they are now.
pub struct OurFiles<'a> {
    pub catalog: &'a Catalog,
    pub recipe: &'a Arc<Recipe>,
    pub version: &'a Version,
    pub origins: &'a [Origin],
}

impl<'a> OurFiles<'a> {
    /// Name and text of each patch.
    pub fn patches(&self) -> impl Iterator<Item = (&'a RelPath, &'a [u8])> {
        let (catalog, recipe) = (self.catalog, self.recipe);
        recipe.patches.iter().map(move |patch| {
            let text = catalog.patch(recipe, &patch.file).unwrap_or_default();
            (&patch.file, text)
        })
    }

    /// The version with inputs of this digest, of which `includes` are those that the recipe
    /// neither names nor selects.
    pub fn select(&self, inputs: Sha256, includes: BTreeSet<RelPath>) -> Selected {
        let overlays = self.recipe.overlays.iter().map(|overlay| {
            let bytes = self.catalog.overlay(self.recipe, &overlay.file);
            (overlay, bytes.unwrap_or_default())
        });
        let overlays: Vec<_> = overlays.collect();
        let digests = |(file, bytes): (&RelPath, &[u8])| (file.clone(), Sha256::of(bytes));
        Selected {
            inputs: self.recipe.inputs.with(&includes),
            source: LockedSource {
                version: self.version.clone(),
                inputs,
                includes,
                origins: self.origins.to_vec(),
                patches: self.patches().map(digests).collect(),
                overlays: overlays
                    .iter()
                    .map(|(overlay, bytes)| digests((&overlay.file, bytes)))
                    .collect(),
                tests: None,
                compared: Vec::new(),
            },
            recipe: self.recipe.clone(),
            overlays: overlays
                .into_iter()
                .map(|(overlay, bytes)| (overlay.to.clone(), bytes.to_vec()))
                .collect(),
            patches: self
                .patches()
                .map(|(file, text)| (file.clone(), text.to_vec()))
                .collect(),
        }
    }
}
