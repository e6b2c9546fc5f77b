//! Sources and jobs in flight. A source is fetched and unpacked on a thread of its own, outside the
//! compute pool; when its tree is ready, and those of its dependencies, its jobs join one queue
//! from which the pool takes the largest file first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use camino::Utf8PathBuf;

use super::compile::{Busy, Object};
use super::job_files::{Headers, JobFiles};
use super::lookup::Lookup;
use super::{BuildError, Work};
use crate::fetch::SourceTree;
use crate::model::{ConsumerFlag, LibraryId, Name, Recipe, RelPath, Sha256};
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

/// Fetches the trees and compiles the jobs of a plan.
///
/// # Errors
/// All failures: a source that can't be fetched does not keep the others from being compiled, nor
/// does a file that does not compile.
pub fn run<'a>(work: &Work<'a>) -> Result<CompiledPlan<'a>, Vec<BuildError>> {
    let plan = work.plan;
    let pool = pool(work.workers).map_err(|error| vec![error.into()])?;
    let run = PlanRun {
        work,
        plan,
        trees: plan.sources.map(|_, _| OnceLock::new()),
        headers: included(plan).map(|id| (id, OnceLock::new())).collect(),
        objects: plan.jobs.map(|_, _| OnceLock::new()),
        errors: Mutex::default(),
        queue: Queue {
            state: Mutex::new(QueueState {
                jobs: BinaryHeap::new(),
                elsewhere: VecDeque::new(),
                waiting: plan.sources.ids().collect(),
                fetching: plan.sources.len(),
            }),
            changed: Condvar::new(),
        },
    };
    // Where the cache has to connect to something, it does while sources are unpacked.
    work.cache.looks_elsewhere();
    // The largest source first: it has the largest file, which must start first.
    let mut order: Vec<SourceId> = plan.sources.ids().collect();
    order.sort_by_key(|&source| Reverse(plan.sources[source].selected.inputs.max_size));
    both(
        || side_by_side(&order, SOURCES_AT_ONCE, |&source| run.fetch(source)),
        || {
            pool.broadcast(|_| {
                while let Some((job, busy)) = run.queue.next() {
                    match run.object(job, busy) {
                        Ok(Some(object)) => drop(run.objects[job].set(object)),
                        Ok(None) => run.queue.put_back(job),
                        Err(error) => lock(&run.errors).push(error),
                    }
                }
            });
        },
    );
    run.finish()
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

struct PlanRun<'w, 'a> {
    work: &'w Work<'a>,
    plan: &'w Plan,
    trees: IndexVec<SourceId, OnceLock<SourceTree>>,
    /// The headers of each library that sources of others may include, laid out as they will be
    /// installed.
    headers: BTreeMap<&'w LibraryId, OnceLock<Headers>>,
    objects: IndexVec<JobId, OnceLock<Object<'a>>>,
    errors: Mutex<Vec<BuildError>>,
    queue: Queue,
}

impl<'a> PlanRun<'_, 'a> {
    fn fetch(&self, source: SourceId) {
        match self
            .work
            .fetcher
            .source(&self.plan.sources[source].selected)
        {
            Ok(tree) => drop(self.trees[source].set(tree)),
            Err(error) => lock(&self.errors).push(error.into()),
        }
        // Headers are read and copied while the queue is free: compiles go on.
        let mut ready = Vec::new();
        for source in self.queue.take_waiting(|source| self.is_ready(source)) {
            match self.open(source) {
                Ok(jobs) => ready.extend(jobs),
                Err(errors) => lock(&self.errors).extend(errors),
            }
        }
        if let Err(error) = self.queue_when_expected(ready) {
            lock(&self.errors).push(error);
        }
        self.queue.fetched();
    }

    /// Queues `jobs`. Where the cache may bring objects from elsewhere, it does that before, all at
    /// once; the jobs wait as long as the cache finds that worth it.
    fn queue_when_expected(&self, jobs: Vec<SizedJob>) -> Result<(), BuildError> {
        let cache = self.work.cache;
        let ids: Vec<JobId> = jobs.iter().map(|(_, Reverse(id))| *id).collect();
        let jobs = Mutex::new(jobs);
        let queue = || self.queue.extend(std::mem::take(&mut *lock(&jobs)));
        if !cache.looks_elsewhere() {
            queue();
            return Ok(());
        }
        let go_on = || {
            queue();
            self.queue.has_jobs()
        };
        let expected = self.expect(&ids, &go_on);
        queue();
        expected
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
    fn open(&self, source: SourceId) -> Result<Vec<SizedJob>, Vec<BuildError>> {
        let planned = &self.plan.sources[source];
        let subject = planned.selected.title();
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
                subject: selected.title(),
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
        let subject = self.plan.sources[planned.source].selected.title();
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

    fn finish(self) -> Result<CompiledPlan<'a>, Vec<BuildError>> {
        let errors = self
            .errors
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if !errors.is_empty() {
            return Err(errors);
        }
        let trees = self
            .trees
            .into_map(|tree| tree.into_inner().expect("no error, so every tree is there"));
        let objects = self.objects.into_map(|object| {
            object
                .into_inner()
                .expect("no error, so every object is there")
        });
        Ok(CompiledPlan { trees, objects })
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

struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

/// A job by the size of its file, in bytes, and for equal sizes in plan order.
type SizedJob = (u64, Reverse<JobId>);

struct QueueState {
    /// The largest first.
    jobs: BinaryHeap<SizedJob>,
    /// Jobs that another process was compiling when they were looked at.
    elsewhere: VecDeque<JobId>,
    /// Sources whose jobs are not queued yet.
    waiting: Vec<SourceId>,
    /// Sources that are being fetched, or whose thread still opens what became ready with them.
    fetching: usize,
}

impl Queue {
    /// The next job, and what to do where another process is compiling it; waits while there may be
    /// one, and gives `None` when there can't be any more. What is compiled elsewhere is looked at
    /// again when there is nothing else to do, and waited for when there won't be.
    fn next(&self) -> Option<(JobId, Busy)> {
        const AGAIN: Duration = Duration::from_millis(100);
        let mut state = lock(&self.state);
        loop {
            if let Some((_, Reverse(job))) = state.jobs.pop() {
                return Some((job, Busy::Leave));
            }
            if state.fetching == 0 {
                return state.elsewhere.pop_front().map(|job| (job, Busy::Wait));
            }
            if state.elsewhere.is_empty() {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (locked, waited) = self
                .changed
                .wait_timeout(state, AGAIN)
                .unwrap_or_else(PoisonError::into_inner);
            state = locked;
            if waited.timed_out()
                && let Some(job) = state.elsewhere.pop_front()
            {
                return Some((job, Busy::Leave));
            }
        }
    }

    /// Those of the waiting sources that are ready; they wait no more, so that no other thread
    /// opens them too.
    fn take_waiting(&self, is_ready: impl Fn(SourceId) -> bool) -> Vec<SourceId> {
        let mut state = lock(&self.state);
        let (ready, waiting) = state.waiting.iter().partition(|&&source| is_ready(source));
        state.waiting = waiting;
        ready
    }

    fn extend(&self, jobs: Vec<SizedJob>) {
        lock(&self.state).jobs.extend(jobs);
        self.changed.notify_all();
    }

    /// Whether there are jobs that nobody has taken yet.
    fn has_jobs(&self) -> bool {
        !lock(&self.state).jobs.is_empty()
    }

    /// One thread less will add jobs.
    fn fetched(&self) {
        lock(&self.state).fetching -= 1;
        self.changed.notify_all();
    }

    fn put_back(&self, job: JobId) {
        lock(&self.state).elsewhere.push_back(job);
    }
}

/// A panic of another thread ends the run by itself; its lock's content is still good to read.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
