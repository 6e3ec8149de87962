// expressions.mjs - valid PromQL by chance: the same seed gives the same expressions. They hold what Prometheus 2.42 and 3 agree about;
// what the two see otherwise is left out here by construction, and said beside it.

/** Numbers in [0, 1) from a seed (mulberry32, public domain). */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const PLAIN = ['abs', 'ceil', 'floor', 'exp', 'sqrt', 'ln', 'log2', 'log10', 'sgn', 'acos', 'asin', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'deg', 'rad', 'round', 'sort', 'sort_desc', 'absent', 'timestamp'];
const WAVES = ['sin', 'cos', 'tan']; // of large numbers a last digit is the whole answer
const DATES = ['day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour', 'minute', 'month', 'year'];
const RANGES = ['delta', 'irate', 'idelta', 'resets', 'changes', 'deriv', 'avg_over_time', 'min_over_time', 'max_over_time', 'sum_over_time', 'count_over_time', 'stddev_over_time', 'stdvar_over_time', 'last_over_time', 'present_over_time', 'absent_over_time'];
const STEADY = ['heat', 'hits_total', 'hits_total{gpu=~"[01]"}', 'took_bucket', 'limit']; // there at all times
const SELECTORS = ['heat', 'heat{job="a"}', 'heat{gpu!="1"}', 'hits_total', 'hits_total{gpu=~"[01]"}', 'limit', 'limit{job=~"a|z"}', 'gaps', 'gaps{gpu!~"7"}', 'took_bucket', 'took_bucket{le!="+Inf"}', 'short', '{__name__=~"heat|limit"}', '{__name__=~"ha.*|hits.*",job="a"}', 'nothing', 'nothing{job="x",gpu=~".+"}', 'heat{none=""}', 'heat{gpu=~"0|2",job!=""}'];
const LABELS = ['job', 'gpu', 'le', 'none'];

/**
 * `count` expressions of a seed. `at` is the first of the times that samples lie around; selectors name what promql.test.mjs keeps.
 * No window begins at a sample or at a step of a subquery, since windows are open on the left in 3 only.
 */
export function expressions(seed, count, at) {
  const random = chance(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const maybe = (share) => random() < share;
  const some = (list, most) => [...list].sort(() => random() - 0.5).slice(0, Math.floor(random() * (most + 1)));
  const number = () => pick(['0', '1', '2', '0.5', '3.25', '-1', '10', '100', '1e3', '0x1f', '50', '-40', 'Inf', 'NaN', 'pi()', '600']);
  const offset = () => (maybe(0.15) ? ` offset ${pick(['1m', '-30s', '5m', '90s', '1h', '-2m'])}` : '');
  const when = () => (maybe(0.12) ? ` @ ${pick(['start()', 'end()', at + 600, at + 1234, `${at}.5`])}` : '');
  const selector = () => pick(SELECTORS);
  const instant = () => `${selector()}${maybe(0.5) ? offset() + when() : when() + offset()}`;
  const range = (depth) => {
    if (depth > 0 && maybe(0.3)) return `${maybe(0.6) ? call(depth - 1) : `(${vector(depth - 1)})`}[${pick(['63s', '153s', '303s', '601s', '1203s'])}:${pick(['5s', '10s', '20s', '30s', '15s'])}]${offset()}${when()}`;
    return `${selector()}[${pick(['30s', '1m', '2m', '5m', '10m', '4m', '20m'])}]${offset()}${when()}`;
  };
  const grouping = () => `${pick(['by', 'without'])} (${some(LABELS, 2).join(', ')})`;
  const scalar = (depth) => {
    const kind = random();
    if (depth <= 0 || kind < 0.5) return number();
    if (kind < 0.6) return 'time()';
    if (kind < 0.75) return `scalar(${vector(depth - 1)})`;
    if (kind < 0.85) return `(${scalar(depth - 1)} ${pick(['+', '-', '*', '/', '%', '^'])} ${scalar(depth - 1)})`;
    if (kind < 0.92) return `(${scalar(depth - 1)} ${pick(['>', '<', '==', '!=', '>=', '<='])} bool ${scalar(depth - 1)})`;
    return `-(${scalar(depth - 1)})`;
  };
  function call(depth) {
    const kind = random();
    // 3 looks otherwise at a counter that begins inside of its window, and mended what @ does beside a parameter that moves.
    if (kind < 0.1) return `${pick(['rate', 'increase'])}(${pick(STEADY)}[${pick(['2m', '5m', '10m'])}]${offset()}${when()})`;
    if (kind < 0.35) return `${pick(RANGES)}(${range(depth)})`;
    if (kind < 0.38) return `quantile_over_time(${pick(['0', '0.25', '0.9', '1', '-1', '2'])}, ${range(depth)})`;
    if (kind < 0.4) return `quantile_over_time(scalar(limit{job="b"}) * ${pick(['1', '1.9'])}, ${selector()}[5m]${offset()})`;
    if (kind < 0.44) return `predict_linear(${selector()}[${pick(['2m', '5m'])}]${offset()}, ${pick(['0', '60', '-60', '3600'])})`;
    if (kind < 0.46) return `holt_winters(${range(depth)}, ${pick(['0.1', '0.5', '0.9'])}, ${pick(['0.1', '0.5', '0.9'])})`;
    if (kind < 0.49) return `${pick(WAVES)}(${instant()})`;
    if (kind < 0.64) return `${pick(PLAIN)}(${vector(depth - 1)})`;
    if (kind < 0.68) return `${pick(DATES)}(${pick(['', 'epoch', 'timestamp(heat)', 'vector(time())', 'epoch - 86400 * 31'])})`;
    if (kind < 0.72) return `clamp(${vector(depth - 1)}, ${number()}, ${number()})`;
    if (kind < 0.76) return `${pick(['clamp_min', 'clamp_max'])}(${vector(depth - 1)}, ${scalar(depth - 1)})`;
    if (kind < 0.79) return `round(${vector(depth - 1)}, ${pick(['0.5', '5', '0.1', '10'])})`;
    if (kind < 0.85) return `label_replace(${vector(depth - 1)}, "${pick(['x', 'job', 'gpu', 'none'])}", "${pick(['$1', 'v-$1', '', 'z', '${1}0', '$1$1'])}", "${pick(['job', 'gpu', 'none', 'le', '__name__'])}", "${pick(['(.*)', '(.).*', '([0-9]+)', 'a', '(a|b)', '', '.+'])}")`;
    if (kind < 0.89) return `label_join(${vector(depth - 1)}, "${pick(['x', 'job', 'none'])}", "${pick(['', '-', ', '])}"${some(LABELS, 3).map((name) => `, "${name}"`).join('')})`;
    if (kind < 0.93) return `histogram_quantile(${pick(['0', '0.1', '0.5', '0.99', '1', '-1', '1.5'])}, ${pick(['took_bucket', 'rate(took_bucket[5m])', 'sum by (le) (took_bucket)', 'sum by (job, le) (increase(took_bucket[2m]))', vector(depth - 1)])})`;
    if (kind < 0.96) return `vector(${scalar(depth - 1)})`;
    return `absent(${vector(depth - 1)})`;
  }
  function aggregate(depth) {
    const inner = vector(depth - 1);
    const kind = random();
    const put = (name, args) => (maybe(0.3) ? `${name}(${args})` : maybe(0.5) ? `${name} ${grouping()} (${args})` : `${name}(${args}) ${grouping()}`);
    if (kind < 0.6) return put(pick(['sum', 'avg', 'count', 'min', 'max', 'group']), inner);
    if (kind < 0.72) return put(pick(['stddev', 'stdvar']), maybe(0.5) ? instant() : `${pick(RANGES)}(${range(0)})`); // of finite numbers: of others it is NaN in 3
    if (kind < 0.84) return put(pick(['topk', 'bottomk']), `${pick(['0', '1', '2', '3', '100', '-1', '1.9'])}, heat${maybe(0.3) ? ' * 2' : ''}${maybe(0.3) ? ' > 0' : ''}`); // of no equals: which of them stays is nobody's promise
    if (kind < 0.94) return put('quantile', `${pick(['0', '0.3', '0.5', '1', '2', '-0.1'])}, ${inner}`);
    return put('count_values', `"${pick(['v', 'job', 'le'])}", round(${maybe(0.5) ? instant() : `${pick(RANGES)}(${range(0)})`})`);
  }
  function matching() {
    const kind = random();
    if (kind < 0.45) return '';
    const labels = `${pick(['on', 'ignoring'])} (${some(LABELS, 2).join(', ')})`;
    if (kind < 0.7) return ` ${labels}`;
    const on = pick(['on (job)', 'ignoring (gpu)', 'on (job, none)', labels]);
    return ` ${on} ${pick(['group_left', 'group_right', 'group_left ()', 'group_left (none)', 'group_right (le)'])}`;
  }
  function binary(depth) {
    const kind = random();
    const arithmetic = () => pick(['+', '-', '*', '/', '%', '^']);
    const comparison = () => `${pick(['>', '<', '>=', '<=', '!=', '=='])}${maybe(0.4) ? ' bool' : ''}`;
    const strict = () => (maybe(0.7) ? arithmetic() : `${pick(['>', '<=', '=='])} bool`); // what a filter takes away is still a match in 3
    const op = () => (maybe(0.6) ? arithmetic() : comparison());
    if (kind < 0.3) return `${vector(depth - 1)} ${op()} ${scalar(depth - 1)}`;
    if (kind < 0.42) return `${scalar(depth - 1)} ${op()} ${vector(depth - 1)}`;
    if (kind < 0.55) return `heat ${op()}${pick([' on (job) group_left', ' ignoring (gpu) group_left', ' on (job) group_left ()'])} limit`;
    if (kind < 0.62) return `limit ${op()} on (job) group_right heat`;
    if (kind < 0.8) {
      const same = vector(depth - 1);
      return maybe(0.5) ? `${same} ${op()} ${same}` : `${vector(depth - 1)} ${strict()}${matching()} ${vector(depth - 1)}`;
    }
    return `${vector(depth - 1)} ${pick(['and', 'or', 'unless'])}${maybe(0.4) ? ` ${pick(['on', 'ignoring'])} (${some(LABELS, 2).join(', ')})` : ''} ${vector(depth - 1)}`;
  }
  function vector(depth) {
    const kind = random();
    if (depth <= 0 || kind < 0.2) return instant();
    if (kind < 0.55) return call(depth);
    if (kind < 0.75) return aggregate(depth);
    if (kind < 0.95) return `(${binary(depth)})`;
    return `-${maybe(0.5) ? instant() : `(${vector(depth - 1)})`}`;
  }
  return Array.from({ length: count }, () => {
    const depth = 1 + Math.floor(random() * 3);
    return maybe(0.08) ? scalar(depth) : maybe(0.25) ? binary(depth) : vector(depth);
  });
}
