//! Sources and jobs in flight, of one plan or of several. A source is fetched and unpacked on a
//! thread of its own, outside the compute pool; when its tree is ready, and those of its
//! dependencies, its jobs join one queue from which the pool takes the largest file first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use camino::Utf8PathBuf;

use super::compile::{Busy, Object};
use super::job_files::{Headers, JobFiles};
use super::lookup::Lookup;
use super::queue::{Queue, SizedJob, lock};
use super::{BuildError, Work};
use crate::fetch::SourceTree;
use crate::model::{ConsumerFlag, LibraryId, Name, Recipe, RelPath, Selected, Sha256};
use crate::plan::{IndexVec, Job, JobId, Plan, PlannedLibrary, SourceId};
use crate::process::{both, pool, side_by_side};
use crate::store::{Entry, EntryFile, Kind, Wanted};

/// How many sources are fetched and unpacked at once: more would not be faster on the networks and
/// disks of today, and would crowd servers.
const SOURCES_AT_ONCE: usize = 8;

/// All trees and objects of a plan, in its order.
pub struct CompiledPlan<'a> {
    pub trees: IndexVec<SourceId, SourceTree>,
    pub objects: IndexVec<JobId, Object<'a>>,
}

/// What became of several plans.
pub struct CompiledPlans<'a> {
    /// In their order; none where something of it failed.
    pub plans: Vec<Option<CompiledPlan<'a>>>,
    /// All failures: a source that can't be fetched does not keep the others from being compiled,
    /// nor does a file that does not compile.
    pub errors: Vec<BuildError>,
}

/// Fetches the trees and compiles the jobs of the plan of `work`.
///
/// # Errors
/// All failures.
pub fn run<'a>(work: &Work<'a>) -> Result<CompiledPlan<'a>, Vec<BuildError>> {
    let CompiledPlans { mut plans, errors } = run_all(&[work])?;
    plans.pop().flatten().ok_or(errors)
}

/// Fetches the trees and compiles the jobs of several plans as one list: a tree that several of
/// them want is brought once, and what they compile alike is compiled once. The workers are those
/// of the first.
///
/// # Errors
/// When there can be no thread to compile with.
pub fn run_all<'a>(works: &[&Work<'a>]) -> Result<CompiledPlans<'a>, Vec<BuildError>> {
    let workers = works.first().map_or(1, |work| work.workers);
    let pool = pool(workers).map_err(|error| vec![error.into()])?;
    let requests = tree_requests(works);
    let runs: Vec<PlanRun<'_, 'a>> = works.iter().map(|work| PlanRun::new(work)).collect();
    let waiting = runs
        .iter()
        .enumerate()
        .flat_map(|(run, of)| of.plan.sources.ids().map(move |source| (run, source)));
    let run = PlansRun {
        queue: Queue::new(waiting.collect(), requests.len()),
        runs,
        errors: Mutex::default(),
    };
    // Where the cache has to connect to something, it does while sources are unpacked.
    for work in works {
        work.cache.looks_elsewhere();
    }
    both(
        || side_by_side(&requests, SOURCES_AT_ONCE, |request| run.fetch(request)),
        || {
            pool.broadcast(|_| {
                while let Some((job, busy)) = run.queue.next() {
                    run.compile(job, busy);
                }
            });
        },
    );
    Ok(run.finish())
}

/// A tree to be brought, and the sources that want it, each by its plan's index.
struct TreeRequest<'w> {
    selected: &'w Selected,
    /// At least one.
    wanted_by: Vec<(usize, SourceId)>,
}

/// The trees of all plans, each once. The largest source first: it has the largest file, which must
/// start first.
fn tree_requests<'w>(works: &[&'w Work<'_>]) -> Vec<TreeRequest<'w>> {
    let mut requests: BTreeMap<&Sha256, TreeRequest<'w>> = BTreeMap::new();
    for (index, work) in works.iter().enumerate() {
        for (id, source) in work.plan.sources.entries() {
            let request = requests.entry(&source.tree_key);
            let request = request.or_insert_with(|| TreeRequest {
                selected: &source.selected,
                wanted_by: Vec::new(),
            });
            request.wanted_by.push((index, id));
        }
    }
    let mut requests: Vec<TreeRequest<'w>> = requests.into_values().collect();
    requests.sort_by_key(|request| {
        let size = request.selected.inputs.max_size;
        (Reverse(size), request.wanted_by[0])
    });
    requests
}

impl Work<'_> {
    /// For each job of the plan whether the cache has its object, as far as the lists of what is in
    /// the store say so: nothing is fetched, laid out or checked. Where a source's tree is not in
    /// the store, none of its objects is known to be.
    ///
    /// # Errors
    /// When the cache can't be used.
    pub fn cached_jobs(&self) -> Result<IndexVec<JobId, bool>, BuildError> {
        let sources = &self.plan.sources;
        let listed = |key: &Sha256| self.store.listed_entry(Kind::Tree, key);
        let trees: IndexVec<SourceId, Option<Entry>> =
            sources.map(|_, source| listed(&source.tree_key));
        let laid_out = |id: &LibraryId| {
            let (source, library) = self.plan.library(id)?;
            let recipe = &sources[source].selected.recipe;
            Some(headers_in(
                &listed(&library.headers_key)?,
                recipe,
                &id.library,
            ))
        };
        let laid_out: BTreeMap<&LibraryId, Option<Headers>> =
            included(self.plan).map(|id| (id, laid_out(id))).collect();
        self.plan.jobs.try_map(|_, planned| {
            let included = self
                .plan
                .library_of(planned)
                .map_or(&[][..], |library| &library.included);
            let headers: Option<Vec<Headers>> = included
                .iter()
                .map(|id| laid_out.get(id)?.clone())
                .collect();
            let (Some(tree), Some(headers)) = (&trees[planned.source], &headers) else {
                return Ok(false);
            };
            let place = JobFiles {
                subject: "",
                tree,
                dependency_headers: headers,
            };
            let made = Lookup::new(self.toolchain, &planned.job, &place).get(self.cache)?;
            Ok(made.is_some_and(|made| self.cache.contains_blob(&made.object)))
        })
    }
}

/// Several plans that are carried out at once. A job and a source go by their plan's index, too.
struct PlansRun<'w, 'a> {
    runs: Vec<PlanRun<'w, 'a>>,
    errors: Mutex<Vec<BuildError>>,
    queue: Queue<(usize, JobId), (usize, SourceId)>,
}

impl<'a> PlansRun<'_, 'a> {
    fn fetch(&self, request: &TreeRequest<'_>) {
        let TreeRequest {
            selected,
            wanted_by,
        } = request;
        let fetcher = self.runs[wanted_by[0].0].work.fetcher;
        match fetcher.source(selected) {
            Ok(tree) => {
                for &(run, source) in wanted_by {
                    drop(self.runs[run].trees[source].set(tree.clone()));
                }
            }
            Err(error) => self.fail(wanted_by.iter().map(|(run, _)| *run), [error.into()]),
        }
        // Headers are read and copied while the queue is free: compiles go on.
        let is_ready = |(run, source): (usize, SourceId)| self.runs[run].is_ready(source);
        let mut ready: Vec<Vec<SizedJob<JobId>>> = self.runs.iter().map(|_| Vec::new()).collect();
        for (run, source) in self.queue.take_waiting(is_ready) {
            match self.runs[run].open(source) {
                Ok(jobs) => ready[run].extend(jobs),
                Err(errors) => self.fail([run], errors),
            }
        }
        for (run, jobs) in ready.into_iter().enumerate() {
            if let Err(error) = self.queue_when_expected(run, jobs) {
                self.fail([run], [error]);
            }
        }
        self.queue.fetched();
    }

    /// Nothing comes of the plans `runs`, since these happened.
    fn fail(
        &self,
        runs: impl IntoIterator<Item = usize>,
        errors: impl IntoIterator<Item = BuildError>,
    ) {
        for run in runs {
            self.runs[run].has_failed.store(true, Ordering::Relaxed);
        }
        lock(&self.errors).extend(errors);
    }

    /// Queues `jobs` of a plan. Where the cache may bring objects from elsewhere, it does that
    /// before, all at once; the jobs wait as long as the cache finds that worth it.
    fn queue_when_expected(
        &self,
        run: usize,
        jobs: Vec<SizedJob<JobId>>,
    ) -> Result<(), BuildError> {
        let of = &self.runs[run];
        let ids: Vec<JobId> = jobs.iter().map(|(_, Reverse(id))| *id).collect();
        let jobs = Mutex::new(jobs);
        let queue = || {
            let jobs = std::mem::take(&mut *lock(&jobs)).into_iter();
            let jobs = jobs.map(|(size, Reverse(id))| (size, Reverse((run, id))));
            self.queue.extend(jobs.collect());
        };
        if ids.is_empty() || !of.work.cache.looks_elsewhere() {
            queue();
            return Ok(());
        }
        let go_on = || {
            queue();
            self.queue.has_jobs()
        };
        let expected = of.expect(&ids, &go_on);
        queue();
        expected
    }

    fn compile(&self, (run, job): (usize, JobId), busy: Busy) {
        let of = &self.runs[run];
        match of.object(job, busy) {
            Ok(Some(object)) => drop(of.objects[job].set(object)),
            Ok(None) => self.queue.put_back((run, job)),
            Err(error) => self.fail([run], [error]),
        }
    }

    fn finish(self) -> CompiledPlans<'a> {
        let errors = self.errors.into_inner();
        CompiledPlans {
            plans: self.runs.into_iter().map(PlanRun::finish).collect(),
            errors: errors.unwrap_or_else(PoisonError::into_inner),
        }
    }
}

struct PlanRun<'w, 'a> {
    work: &'w Work<'a>,
    plan: &'w Plan,
    trees: IndexVec<SourceId, OnceLock<SourceTree>>,
    /// The headers of each library that sources of others may include, laid out as they will be
    /// installed.
    headers: BTreeMap<&'w LibraryId, OnceLock<Headers>>,
    objects: IndexVec<JobId, OnceLock<Object<'a>>>,
    has_failed: AtomicBool,
}

impl<'w, 'a> PlanRun<'w, 'a> {
    fn new(work: &'w Work<'a>) -> Self {
        let plan = work.plan;
        Self {
            work,
            plan,
            trees: plan.sources.map(|_, _| OnceLock::new()),
            headers: included(plan).map(|id| (id, OnceLock::new())).collect(),
            objects: plan.jobs.map(|_, _| OnceLock::new()),
            has_failed: AtomicBool::new(false),
        }
    }

    /// Lets the cache bring what it does not have of the objects of `jobs`: first the lists of
    /// files that were opened, then the results for the files that are here.
    fn expect(&self, jobs: &[JobId], go_on: &dyn Fn() -> bool) -> Result<(), BuildError> {
        let cache = self.work.cache;
        let lacks = |&id: &JobId| {
            self.with_files(id, |job, place| {
                let lookup = Lookup::new(self.work.toolchain, job, place);
                let made = lookup.get(cache)?;
                let has = made.is_some_and(|made| cache.contains_blob(&made.object));
                Ok((!has).then_some((id, lookup.key)))
            })
        };
        let lacking: Vec<(JobId, Sha256)> = jobs
            .iter()
            .filter_map(|id| lacks(id).transpose())
            .collect::<Result<_, BuildError>>()?;
        let questions: Vec<Sha256> = lacking.iter().map(|(_, key)| *key).collect();
        cache.expect(Wanted::Lists(&questions), go_on);
        let mut actions = Vec::new();
        for (id, _) in lacking {
            actions.extend(self.with_files(id, |job, place| {
                Lookup::new(self.work.toolchain, job, place).actions(cache)
            })?);
        }
        cache.expect(Wanted::Results(&actions), go_on);
        Ok(())
    }

    /// Whether the tree of a source is there, and those of all whose headers its own sources may
    /// include.
    fn is_ready(&self, source: SourceId) -> bool {
        let included = self.plan.sources[source]
            .libraries
            .iter()
            .flat_map(|library| &library.included);
        let others = included.filter_map(|id| Some(self.plan.library(id)?.0));
        std::iter::once(source)
            .chain(others)
            .all(|source| self.trees[source].get().is_some())
    }

    /// The jobs of a source whose tree is ready, each with its file's size.
    fn open(&self, source: SourceId) -> Result<Vec<SizedJob<JobId>>, Vec<BuildError>> {
        let planned = &self.plan.sources[source];
        let subject = self.work.subject(source);
        let tree = self.trees[source]
            .get()
            .expect("only sources whose trees are ready are opened");
        for id in planned
            .libraries
            .iter()
            .flat_map(|library| &library.included)
        {
            self.lay_out(id).map_err(|error| vec![error])?;
        }
        let mut jobs = Vec::new();
        let mut errors = Vec::new();
        for (id, job) in self.plan.jobs_of(source) {
            match tree.entry().file(job.file.path()) {
                Some(file) => jobs.push((file.size, Reverse(id))),
                None => errors.push(BuildError::MissingInput {
                    subject: subject.clone(),
                    what: "sources",
                    file: job.file.path().clone(),
                }),
            }
        }
        if errors.is_empty() {
            Ok(jobs)
        } else {
            Err(errors)
        }
    }

    /// Makes the folder with the headers of the library `id`. It is kept in the store, so that a
    /// command that failed can be repeated.
    fn lay_out(&self, id: &LibraryId) -> Result<(), BuildError> {
        if let (Some(place), Some((source, library))) =
            (self.headers.get(id), self.plan.library(id))
            && place.get().is_none()
        {
            drop(place.set(self.headers_of(source, library)?));
        }
        Ok(())
    }

    fn headers_of(
        &self,
        source: SourceId,
        library: &PlannedLibrary,
    ) -> Result<Headers, BuildError> {
        let store = self.work.store;
        let selected = &self.plan.sources[source].selected;
        let name = selected.recipe.name.as_str();
        let key = &library.headers_key;
        if let Some(entry) = store.entry(Kind::Tree, key, self.work.reporter)? {
            return Ok(headers_in(&entry, &selected.recipe, &library.id.library));
        }
        let tree = self.trees[source]
            .get()
            .expect("a source is opened after the trees of those that it includes are ready")
            .entry();
        let scratch = store.scratch_dir()?;
        let root = Utf8PathBuf::from(scratch.path().to_string_lossy().into_owned());
        let mut files = Vec::new();
        for (from, to) in &library.headers {
            let missing = || BuildError::MissingInput {
                subject: self.work.subject(source),
                what: "headers",
                file: from.clone(),
            };
            let file = tree.file(from).ok_or_else(missing)?;
            let path: RelPath = format!("{name}/{to}")
                .parse()
                .expect("a relative path below a folder is one");
            let (to, bytes) = (root.join(path.as_str()), tree.read(from)?);
            let written = fs_err::create_dir_all(to.parent().unwrap_or(&root))
                .and_then(|()| fs_err::write(&to, bytes));
            written.map_err(|source| BuildError::Write { path: to, source })?;
            files.push(EntryFile {
                path,
                ..file.clone()
            });
        }
        let entry = store.keep_entry(Kind::Tree, key, scratch, files, self.work.reporter)?;
        Ok(headers_in(&entry, &selected.recipe, &library.id.library))
    }

    fn object(&self, id: JobId, busy: Busy) -> Result<Option<Object<'a>>, BuildError> {
        self.with_files(id, |job, place| self.work.object(job, place, busy))
    }

    /// What `use_them` makes of a job and of the files that it may open.
    fn with_files<T>(&self, id: JobId, use_them: impl FnOnce(&Job, &JobFiles<'_>) -> T) -> T {
        let planned = &self.plan.jobs[id];
        let subject = self.work.subject(planned.source);
        let tree = self.trees[planned.source]
            .get()
            .expect("jobs are queued after their tree is ready");
        let included = self
            .plan
            .library_of(planned)
            .map_or(&[][..], |library| &library.included);
        let headers: Vec<Headers> = included
            .iter()
            .filter_map(|id| self.headers.get(id)?.get().cloned())
            .collect();
        let place = JobFiles {
            subject: &subject,
            tree: tree.entry(),
            dependency_headers: &headers,
        };
        use_them(&planned.job, &place)
    }

    /// Trees and objects, where nothing failed.
    fn finish(self) -> Option<CompiledPlan<'a>> {
        if self.has_failed.into_inner() {
            return None;
        }
        let trees = self
            .trees
            .into_map(|tree| tree.into_inner().expect("no error, so every tree is there"));
        let objects = self.objects.into_map(|object| {
            object
                .into_inner()
                .expect("no error, so every object is there")
        });
        Some(CompiledPlan { trees, objects })
    }
}

/// The libraries whose headers sources of others may include, each once.
fn included(plan: &Plan) -> impl Iterator<Item = &LibraryId> {
    let libraries = plan.sources.iter().flat_map(|source| &source.libraries);
    libraries
        .flat_map(|library| &library.included)
        .collect::<BTreeSet<_>>()
        .into_iter()
}

/// The headers of the library `library` of `recipe`, in an entry that [`PlanRun::headers_of`] made.
fn headers_in(entry: &Entry, recipe: &Recipe, library: &Name) -> Headers {
    let name = recipe.name.as_str();
    let modules = recipe.pkg_configs.values();
    let modules = modules.filter(|module| module.libraries.contains(library));
    let folders: BTreeSet<RelPath> = modules
        .flat_map(|module| &module.cflags)
        .filter_map(ConsumerFlag::include_folder)
        .collect();
    Headers {
        folders: folders.into_iter().collect(),
        dir: entry.dir().join(name),
        files: entry
            .files()
            .iter()
            .filter_map(|file| Some((file.path.below(name)?, file.sha256)))
            .collect(),
    }
}
