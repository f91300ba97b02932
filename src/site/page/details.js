// What is known of streams one by one: only of those in sight and of the open one, a few requests at a
// time, again when something happened to them, and now and then for the bitrates.

const AT_ONCE = 3;
const AGAIN = 1_000;
const FRESH = 10_000;
const DETAILS_KEPT = 300;

// By stream: {details, at, dirty, loading}.
const known = new Map();

const details_of = (stream) => known.get(stream)?.details ?? null;

function markChanged(stream) {
  const one = known.get(stream);
  if (one) one.dirty = true;
}

function forgetAll() {
  known.clear();
}

let loading = 0;

// Begins what is to be fetched and may be.
function fetchDetails(streams) {
  const at = performance.now();
  for (const stream of streams) {
    if (loading >= AT_ONCE) return;
    const one = known.get(stream) ?? { details: null, at: -Infinity, dirty: false, loading: false };
    const age = at - one.at;
    if (one.loading || age < AGAIN || (one.details && !one.dirty && age < FRESH)) continue;
    // The newest last: the oldest are forgotten first.
    known.delete(stream);
    known.set(stream, one);
    if (known.size > DETAILS_KEPT) known.delete(known.keys().next().value);
    fetchOne(stream, one);
  }
}

async function fetchOne(stream, one) {
  loading++;
  Object.assign(one, { loading: true, dirty: false, at: performance.now() });
  try {
    one.details = await get(streamPath(stream));
    one.details.row.seen = now();
    putEntry(one.details.row);
  } catch (error) {
    if (error.status === 404) one.details = null;
    one.gone = error.status === 404;
  } finally {
    loading--;
    one.loading = false;
    one.at = performance.now();
    onDetails(stream);
  }
}
