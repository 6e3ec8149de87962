// http_api.test.mjs - the query half of the HTTP API: every behaviour that clients rely on, asked of the real Prometheus (2.x) and
// of ours. Where Prometheus 3 changed a rule, or ours differs on purpose, the row says what is expected of which.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { hasPrometheus, startOurs, startPrometheus, table, url } from '../lib/peers.mjs';

const T = 1_700_000_000; // the first sample; all times are fixed
const TEXT = (() => {
  const lines = [];
  for (const name of ['requests_total{instance="a:1",job="api"}', 'requests_total{instance="b:1",job="api"}', 'requests_total{instance="c:1",job="web"}'])
    for (let i = 0; i < 80; i++) lines.push(`${name} ${i * (name.includes('b:1') ? 20 : 10)} ${(T + i * 15) * 1000}`);
  for (const [name, value] of [['odd{kind="nan"}', 'NaN'], ['odd{kind="up"}', '+Inf'], ['odd{kind="down"}', '-Inf'], ['odd{kind="tiny"}', '1.5e-9'], ['odd{kind="huge"}', '1e+30'], ['odd{kind="long"}', '0.1234567890123']])
    for (let i = 0; i < 80; i++) lines.push(`${name} ${value} ${(T + i * 15) * 1000}`);
  for (let i = 0; i < 80; i++) lines.push(`words{text="κουζίνα \\"1\\" \\\\ \\n😀"} 1 ${(T + i * 15) * 1000}`);
  for (let i = 0; i < 80; i++) lines.push(`ms_times 5 ${(T + i * 15) * 1000 + 123}`);
  return `${lines.join('\n')}\n`;
})();
const AT = T + 900;
const THEN = { 'match[]': '{__name__=~"requests_total|odd|words|ms_times"}', start: T, end: AT }; // leaves out what a host says of itself
const RANGE = { start: AT, end: AT + 60, step: 15 };
const q = (query, more = {}) => `GET ${url('/api/v1/query', { query, time: AT, ...more })}`;
const r = (query, more = {}) => `GET ${url('/api/v1/query_range', { query, ...RANGE, ...more })}`;
const bad = (error) => ({ status: 400, errorType: 'bad_data', error });
const json = { 'content-type': /^application\/json/ };

const ENVELOPE = [
  { name: 'success: status, data, JSON', to: q('requests_total'), same: true, want: { status: 200, headers: json, data: (data) => assert.equal(data.result.length, 3) } },
  { name: 'a missing parameter is 400 bad_data', to: 'GET /api/v1/query', want: bad(/parse error: no expression found in input/) },
  { name: 'a parse error is 400 with line and column', to: q('sum(rate(x[5m))'), want: bad(/invalid parameter "query": 1:14: parse error: /) },
  { name: 'the column counts from the start of its line', to: q('a +\n  +* b'), want: bad(/2:4: parse error: unexpected <op:\*>/) },
  { name: 'an unknown function says its name', to: q('foo(1)'), same: true, want: bad(/1:1: parse error: unknown function with name "foo"/) },
  { name: 'a wrong type says which was wanted', to: q('rate(1)'), want: bad(/1:6: parse error: expected type range vector in call to function "rate", got scalar/) },
  { name: 'many-to-many matching is 422 execution', to: q('requests_total + on(job) requests_total'), want: { status: 422, errorType: 'execution', error: /found duplicate series for the match group/ } },
  { name: 'a deadline of nothing is 503 timeout', to: q('sum(requests_total)', { timeout: '0.000001' }), want: { status: 503, errorType: 'timeout', error: /query timed out/ } },
  { name: 'a wrong method is 405', to: 'DELETE /api/v1/query', want: { status: 405, headers: { allow: /GET.*OPTIONS.*POST|GET.*POST.*OPTIONS/ } } },
  { name: 'an unknown path of the API is 404', to: 'GET /api/v1/nothing', want: { status: 404 } },
  { name: 'POST with a form', to: 'POST /api/v1/query', form: { query: 'sum(requests_total)', time: AT }, same: true, want: { status: 200 } },
  { name: 'POST with parameters in both places', to: `POST /api/v1/query?time=${AT}`, form: { query: 'sum(requests_total)' }, same: true, want: { status: 200 } },
  { name: 'a parameter in both places: the form goes first', to: `POST /api/v1/query?query=1&time=${AT}`, form: { query: '7' }, same: true, want: { status: 200, data: { resultType: 'scalar', result: [AT, '7'] } } },
  { name: 'a parameter twice: the first goes', to: `GET /api/v1/query?query=1&query=2&time=${AT}`, same: true, want: { data: { resultType: 'scalar', result: [AT, '1'] } } },
  { name: 'a form with a charset', to: 'POST /api/v1/query', body: `query=1&time=${AT}`, headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }, same: true, want: { status: 200 } },
  { name: 'JSON is no form', to: 'POST /api/v1/query', body: '{"query":"1"}', headers: { 'content-type': 'application/json' }, want: bad(/no expression found/) },
  { name: 'a form that cannot be read is 400', to: 'POST /api/v1/query', body: 'query=%zz', headers: { 'content-type': 'application/x-www-form-urlencoded' }, want: bad(/./) },
  { name: 'OPTIONS says what is allowed', to: 'OPTIONS /api/v1/query', headers: { origin: 'http://there.example' }, want: {}, theirs: { status: 204 }, ours: { status: 204 } },
  { name: 'pages of another origin may read', to: q('1'), headers: { origin: 'http://there.example' }, same: true, want: { status: 200, headers: { 'access-control-allow-origin': '*' } } },
  { name: 'a preflight says what they may send', to: 'OPTIONS /api/v1/query', headers: { origin: 'http://there.example', 'access-control-request-method': 'POST' }, want: { status: 204, headers: { 'access-control-allow-origin': '*', 'access-control-allow-methods': /POST/, 'access-control-allow-headers': /Content-Type|Accept/i } } },
  { name: 'gzip when asked for', to: r('{__name__=~".+"}'), headers: { 'accept-encoding': 'gzip' }, want: { status: 200, headers: { 'content-encoding': 'gzip' } }, same: true },
  { name: 'no gzip when not asked for', to: r('{__name__=~".+"}'), headers: { 'accept-encoding': 'identity' }, want: { status: 200, headers: { 'content-encoding': null } }, same: true },
  { name: 'values are strings, also those that are no numbers', to: q('odd'), same: true, want: { status: 200, data: (data) => assert.deepEqual(Object.fromEntries(data.result.map((s) => [s.metric.kind, s.value[1]])), { nan: 'NaN', up: '+Inf', down: '-Inf', tiny: '1.5e-09', huge: '1e+30', long: '0.1234567890123' }) } },
  { name: 'times are numbers with milliseconds', to: q('ms_times', { time: AT + 0.5 }), same: true, want: { data: (data) => assert.equal(data.result[0].value[0], AT + 0.5) } },
  { name: 'UTF-8 in labels stays whole, control characters are escaped', to: q('words'), same: true, want: { status: 200, data: (data) => assert.equal(data.result[0].metric.text, 'κουζίνα "1" \\ \n😀'), text: /κουζίνα \\"1\\" \\\\ \\n😀/ } },
];

const QUERY = [
  ...[['seconds', AT], ['seconds with a fraction', `${AT}.781`], ['RFC 3339', '2023-11-14T22:28:20Z'], ['RFC 3339 with milliseconds', '2023-11-14T22:28:20.781Z'], ['RFC 3339 with nanoseconds', '2023-11-14T22:28:20.781000000Z'], ['RFC 3339 with an offset', '2023-11-15T00:28:20.500+02:00'], ['RFC 3339 with a negative offset', '2023-11-14T17:28:20-05:00'], ['an exponent', '1.7000009e9']]
    .map(([name, time]) => ({ name: `time as ${name}`, to: q('requests_total', { time }), same: true, want: { status: 200, data: (data) => assert.equal(data.result.length, 3) } })),
  ...['yesterday', '2023-11-14', '2023-11-14 22:28:20', '2023-13-01T00:00:00Z', '1h'].map((time) => ({ name: `time ${time} is refused`, to: q('1', { time }), same: true, want: bad(/invalid parameter "time".*cannot parse ".*" to a valid timestamp/) })),
  ...['NaN', 'Inf', '-Inf', '1e300'].map((time) => ({ name: `time ${time} is none`, to: q('requests_total', { time }), want: {}, theirs: { status: 200 }, ours: bad(/valid timestamp/), why: 'Prometheus takes it for what the conversion to an integer happens to leave' })),
  { name: 'an empty time is now', to: q('time() > bool 0', { time: '' }), want: { status: 200, data: (data) => assert.equal(data.result[1], '1') } },
  ...['1e10', '300y'].map((timeout) => ({ name: `timeout ${timeout} is past 292 years`, to: q('1', { timeout }), want: timeout === '1e10' ? bad(/cannot parse "1e10" to a valid duration/) : bad(/valid duration|out of range/) })),
  { name: 'time left out is now', to: 'GET /api/v1/query?query=time()', want: { status: 200, data: (data) => assert.ok(Math.abs(Number(data.result[1]) - Date.now() / 1000) < 30) } },
  { name: 'timeout as a duration', to: q('1', { timeout: '1m30s' }), same: true, want: { status: 200 } },
  { name: 'timeout as seconds', to: q('1', { timeout: '90' }), same: true, want: { status: 200 } },
  { name: 'a broken timeout is refused', to: q('1', { timeout: 'soon' }), same: true, want: bad(/invalid parameter "timeout".*cannot parse "soon" to a valid duration/) },
  { name: 'lookback_delta as a duration', to: q('requests_total', { time: T + 79 * 15 + 30, lookback_delta: '20s' }), want: {}, ours: { data: { resultType: 'vector', result: [] } }, why: 'lookback_delta came with Prometheus 2.47' },
  { name: 'lookback_delta as seconds', to: q('count(requests_total)', { time: T + 79 * 15 + 30, lookback_delta: '60' }), same: true, want: { data: (data) => assert.equal(data.result[0].value[1], '3') } },
  { name: 'a broken lookback_delta is refused', to: q('1', { lookback_delta: 'x' }), want: {}, ours: bad(/cannot parse "x" to a valid duration/), why: 'lookback_delta came with Prometheus 2.47' },
  { name: 'a vector', to: q('requests_total{job="web"}'), same: true, want: { data: { resultType: 'vector', result: [{ metric: { __name__: 'requests_total', instance: 'c:1', job: 'web' }, value: [AT, '600'] }] } } },
  { name: 'a scalar', to: q('1 + 1'), same: true, want: { data: { resultType: 'scalar', result: [AT, '2'] } } },
  { name: 'a string', to: q('"words"'), same: true, want: { data: { resultType: 'string', result: [AT, 'words'] } } },
  { name: 'a matrix, of an instant query of a range', to: q('requests_total{job="web"}[30s]', { time: AT + 1 }), same: true, want: { data: { resultType: 'matrix', result: [{ metric: { __name__: 'requests_total', instance: 'c:1', job: 'web' }, values: [[AT - 15, '590'], [AT, '600']] }] } } },
  { name: 'an empty vector is [], never null', to: q('nothing'), same: true, want: { data: { resultType: 'vector', result: [] } } },
  { name: 'an empty matrix is []', to: r('nothing'), same: true, want: { data: { resultType: 'matrix', result: [] } } },
  { name: 'an empty range is []', to: q('nothing[5m]'), same: true, want: { data: { resultType: 'matrix', result: [] } } },
  { name: 'the order is that of sort', to: q('sort_desc(requests_total)'), want: { data: (data) => assert.deepEqual(data.result.map((s) => Number(s.value[1])), [1200, 600, 600]) } },
  { name: 'the order is that of topk', to: q('topk(2, requests_total)'), want: { data: (data) => assert.equal(data.result[0].value[1], '1200') } },
  { name: 'stats=all adds timings and samples', to: q('rate(requests_total[1m])', { stats: 'all' }), want: { data: (data) => {
    assert.deepEqual(Object.keys(data.stats.timings).sort(), ['evalTotalTime', 'execQueueTime', 'execTotalTime', 'innerEvalTime', 'queryPreparationTime', 'resultSortTime']);
    assert.ok(data.stats.samples.totalQueryableSamples > 0 && data.stats.samples.peakSamples > 0);
  } } },
  { name: 'no stats unless asked for', to: q('1'), want: { data: (data) => assert.equal('stats' in data, false) } },
  { name: 'limit cuts a vector, with a warning', to: q('requests_total', { limit: 2 }), want: { status: 200 }, theirs: { data: (data) => assert.equal(data.result.length, 3) }, ours: { data: (data) => assert.equal(data.result.length, 2), warnings: ['results truncated due to limit'] }, why: 'limit came with Prometheus 3' },
  { name: 'limit 0 is none', to: q('requests_total', { limit: 0 }), want: { data: (data) => assert.equal(data.result.length, 3), warnings: [] } },
  { name: 'a broken limit is refused', to: q('requests_total', { limit: 'x' }), want: {}, theirs: { status: 200 }, ours: bad(/invalid parameter "limit"/), why: 'limit came with Prometheus 3' },
];

const QUERY_RANGE = [
  { name: 'a matrix, in the order of labels', to: r('requests_total'), same: true, want: { data: (data) => assert.deepEqual([data.resultType, data.result.map((s) => s.metric.instance)], ['matrix', ['a:1', 'b:1', 'c:1']]) } },
  { name: 'of a scalar: one series without labels', to: r('1 + time() * 0'), same: true, want: { data: { resultType: 'matrix', result: [{ metric: {}, values: [0, 15, 30, 45, 60].map((s) => [AT + s, '1']) }] } } },
  { name: 'of a string is refused', to: r('"x"'), want: bad(/invalid expression type "string" for range query, must be Scalar or instant Vector/) },
  { name: 'of a range is refused', to: r('x[5m]'), want: bad(/invalid expression type "range vector" for range query, must be Scalar or instant Vector/) },
  { name: 'start and end as RFC 3339, step as a duration', to: r('sum(requests_total)', { start: '2023-11-14T22:28:20Z', end: '2023-11-15T00:29:20.000+02:00', step: '15s' }), same: true, want: { data: (data) => assert.equal(data.result[0].values.length, 5) } },
  { name: 'step as a fraction of seconds', to: r('sum(requests_total)', { step: 7.5 }), same: true, want: { data: (data) => assert.equal(data.result[0].values.length, 9) } },
  { name: 'step as a compound duration', to: r('sum(requests_total)', { end: AT + 200, step: '1m30s' }), same: true, want: { data: (data) => assert.equal(data.result[0].values.length, 3) } },
  { name: 'POST with a form', to: 'POST /api/v1/query_range', form: { query: 'sum(requests_total)', ...RANGE }, same: true, want: { status: 200 } },
  { name: 'end before start is 400', to: r('1', { end: AT - 1 }), same: true, want: bad(/invalid parameter "end": end timestamp must not be before start time/) },
  { name: 'end at start is one point', to: r('1', { end: AT }), same: true, want: { data: (data) => assert.equal(data.result[0].values.length, 1) } },
  { name: 'a zero step is 400', to: r('1', { step: 0 }), same: true, want: bad(/zero or negative query resolution step widths are not accepted. Try a positive integer/) },
  { name: 'a negative step is 400', to: r('1', { step: -5 }), same: true, want: bad(/zero or negative query resolution/) },
  { name: 'a broken step is 400', to: r('1', { step: 'x' }), same: true, want: bad(/cannot parse "x" to a valid duration/) },
  ...['NaN', 'Inf', '1e300', '9223372037', '5 s', '1h1h', '1m1h', '1.5m'].map((step) => ({ name: `step ${step} is refused`, to: r('1', { step }), want: bad(/valid duration|zero or negative/) })),
  ...['.5', '5.', '1e1', '+5', '1w2d', '1y', '1d1ms'].map((step) => ({ name: `step ${step}`, to: r('requests_total', { step }), same: true, want: { status: 200 } })),
  { name: 'start left out is 400', to: `GET /api/v1/query_range?query=1&end=${AT}&step=15`, same: true, want: bad(/invalid parameter "start"/) },
  { name: 'end left out is 400', to: `GET /api/v1/query_range?query=1&start=${AT}&step=15`, same: true, want: bad(/invalid parameter "end"/) },
  { name: 'step left out is 400', to: `GET /api/v1/query_range?query=1&start=${AT}&end=${AT}`, same: true, want: bad(/invalid parameter "step"/) },
  { name: 'more than 11,000 points are 400 with advice', to: r('1', { end: AT + 11_001, step: 1 }), same: true, want: bad(/exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution \(\?step=XX\)/) },
  { name: '11,000 points are given', to: r('1', { end: AT + 11_000, step: 1 }), same: true, want: { status: 200, data: (data) => assert.equal(data.result[0].values.length, 11_001) } },
  { name: 'stats=all', to: r('sum(requests_total)', { stats: 'all' }), want: { data: (data) => assert.deepEqual(Object.keys(data.stats.samples).sort(), ['peakSamples', 'totalQueryableSamples']) } },
  { name: 'limit cuts a matrix, with a warning', to: r('requests_total', { limit: 1 }), want: { status: 200 }, ours: { data: (data) => assert.equal(data.result.length, 1), warnings: ['results truncated due to limit'] }, why: 'limit came with Prometheus 3' },
  { name: 'parse errors', to: r('sum('), want: bad(/(^|invalid parameter "query": )1:5: parse error: unclosed left parenthesis/) },
];

const METADATA = [
  { name: 'labels', to: `GET ${url('/api/v1/labels', THEN)}`, same: true, want: { data: ['__name__', 'instance', 'job', 'kind', 'text'] } },
  { name: 'labels by POST', to: 'POST /api/v1/labels', form: { 'match[]': 'odd' }, same: true, want: { data: ['__name__', 'kind'] } },
  { name: 'labels of several selectors', to: `GET ${url('/api/v1/labels', { 'match[]': ['odd', 'requests_total'] })}`, same: true, want: { data: ['__name__', 'instance', 'job', 'kind'] } },
  { name: 'labels in a time where there was nothing', to: `GET ${url('/api/v1/labels', { start: 1, end: 2 })}`, same: true, want: { data: [] } },
  ...[['labels', 'labels'], ['values', 'label/instance/values'], ['series', 'series']].flatMap(([what, path]) => [
    { name: `${what} in a time behind all samples`, to: `GET ${url(`/api/v1/${path}`, { 'match[]': 'requests_total', start: AT + 2 * 86400, end: AT + 2 * 86400 + 60 })}`, same: true, want: { status: 200, data: [] } },
    { name: `${what}: end before start`, to: `GET ${url(`/api/v1/${path}`, { 'match[]': 'requests_total', start: 5, end: 4 })}`, same: true, want: { status: 200, data: [] } },
    { name: `${what} at one moment`, to: `GET ${url(`/api/v1/${path}`, { 'match[]': 'requests_total', start: AT, end: AT })}`, same: true, want: { status: 200, data: (data) => assert.ok(data.length) } },
    ...['', '{', 'm offset 5m', 'm[5m]', 'sum(m)', '{a=""}', '{a=~".*"}', 'm @ 5', '1'].map((selector) => ({ name: `${what} of ${selector || 'an empty selector'}`, to: `GET ${url(`/api/v1/${path}`, { 'match[]': selector })}`, want: bad(/./) })),
  ]),
  { name: 'labels cut by a limit', to: `GET ${url('/api/v1/labels', { ...THEN, limit: 2 })}`, want: {}, ours: { data: ['__name__', 'instance'], warnings: ['results truncated due to limit'] }, why: 'limit came with Prometheus 3' },
  { name: 'a broken selector', to: `GET ${url('/api/v1/labels', { 'match[]': 'x{' })}`, want: bad(/parse error/) },
  { name: 'a selector of everything is refused', to: `GET ${url('/api/v1/labels', { 'match[]': '{job=~".*"}' })}`, want: bad(/must contain at least one non-empty matcher/) },
  { name: 'a broken start', to: `GET ${url('/api/v1/labels', { start: 'x' })}`, same: true, want: bad(/invalid parameter "start": Invalid time value for 'start': cannot parse "x" to a valid timestamp/) },
  { name: 'values', to: `GET ${url('/api/v1/label/instance/values', THEN)}`, same: true, want: { data: ['a:1', 'b:1', 'c:1'] } },
  { name: 'names of metrics', to: `GET ${url('/api/v1/label/__name__/values', THEN)}`, same: true, want: { data: ['ms_times', 'odd', 'requests_total', 'words'] } },
  { name: 'values of a selector, in a range', to: `GET ${url('/api/v1/label/instance/values', { 'match[]': 'requests_total{job="api"}', start: T, end: AT })}`, same: true, want: { data: ['a:1', 'b:1'] } },
  { name: 'values of several selectors', to: `GET ${url('/api/v1/label/job/values', { 'match[]': ['requests_total{job="api"}', 'requests_total{job="web"}'] })}`, same: true, want: { data: ['api', 'web'] } },
  { name: 'values of an unknown label', to: 'GET /api/v1/label/nothing/values', same: true, want: { data: [] } },
  { name: 'values cut by a limit', to: `GET ${url('/api/v1/label/instance/values', { ...THEN, limit: 1 })}`, want: {}, ours: { data: ['a:1'], warnings: ['results truncated due to limit'] }, why: 'limit came with Prometheus 3' },
  { name: 'a label that is no UTF-8', to: 'GET /api/v1/label/%ff/values', want: bad(/invalid label name/) },
  { name: 'a label written in the escaped form', to: `GET ${url('/api/v1/label/U__instance/values', THEN)}`, want: {}, theirs: { data: [] }, ours: { data: ['a:1', 'b:1', 'c:1'] }, why: 'escaped names came with Prometheus 3' },
  { name: 'a label with a dot', to: 'GET /api/v1/label/a.b/values', want: {}, theirs: bad(/invalid label name: "a.b"/), ours: { data: [] }, why: 'names of UTF-8 came with Prometheus 3' },
  { name: 'series', to: `GET ${url('/api/v1/series', { 'match[]': 'requests_total{job="api"}' })}`, same: true, want: { data: [{ __name__: 'requests_total', instance: 'a:1', job: 'api' }, { __name__: 'requests_total', instance: 'b:1', job: 'api' }] } },
  { name: 'series by POST', to: 'POST /api/v1/series', form: { 'match[]': 'requests_total{job="api"}', start: T, end: AT }, same: true, want: { data: (data) => assert.equal(data.length, 2) } },
  { name: 'series of several selectors, each once', to: `GET ${url('/api/v1/series', { 'match[]': ['requests_total{job="api"}', '{instance="a:1"}', 'ms_times'] })}`, want: { data: (data) => assert.equal(data.length, 3) } },
  { name: 'series without a selector', to: 'GET /api/v1/series', same: true, want: bad(/no match\[\] parameter provided/) },
  { name: 'series of everything', to: `GET ${url('/api/v1/series', { 'match[]': '{}' })}`, want: bad(/must contain at least one non-empty matcher/) },
  { name: 'series of what matches nothing', to: `GET ${url('/api/v1/series', { 'match[]': 'nothing' })}`, same: true, want: { data: [] } },
  { name: 'series outside of the time', to: `GET ${url('/api/v1/series', { 'match[]': 'odd', start: 1, end: 2 })}`, same: true, want: { data: [] } },
  { name: 'series cut by a limit', to: `GET ${url('/api/v1/series', { 'match[]': 'odd', limit: 1 })}`, want: {}, ours: { data: (data) => assert.equal(data.length, 1), warnings: ['results truncated due to limit'] }, why: 'limit came with Prometheus 3' },
  { name: 'exemplars: none', to: `GET ${url('/api/v1/query_exemplars', { query: 'requests_total', start: T, end: AT })}`, same: true, want: { status: 200, data: [] } },
  { name: 'exemplars of what does not parse', to: `GET ${url('/api/v1/query_exemplars', { query: 'sum(', start: T, end: AT })}`, want: bad(/parse error/) },
  { name: 'exemplars: end before start', to: `GET ${url('/api/v1/query_exemplars', { query: 'x', start: AT, end: T })}`, same: true, want: bad(/end timestamp must not be before start timestamp/) },
  { name: 'format_query', to: `GET ${url('/api/v1/format_query', { query: 'sum by(job)(rate( x{a="b"}[5m]))/2' })}`, same: true, want: { data: 'sum by (job) (rate(x{a="b"}[5m])) / 2' } },
  { name: 'format_query by POST', to: 'POST /api/v1/format_query', form: { query: 'a+b' }, same: true, want: { data: 'a + b' } },
  { name: 'format_query of what does not parse', to: `GET ${url('/api/v1/format_query', { query: 'sum(' })}`, want: bad(/invalid parameter "query": 1:5: parse error/) },
  { name: 'parse_query', to: `GET ${url('/api/v1/parse_query', { query: 'x' })}`, want: {}, theirs: { status: 404 }, ours: { status: 200 }, why: 'parse_query came with Prometheus 3' },
];

/** What Grafana's Prometheus data source asks, in its order. */
const GRAFANA = [
  { name: 'the version', to: 'GET /api/v1/status/buildinfo', want: { status: 200, data: (data) => assert.match(data.version, /^[23][.]/) } },
  { name: 'the test of a new data source', to: 'POST /api/v1/query', form: { query: '1+1', time: AT }, same: true, want: { status: 200, data: { resultType: 'scalar', result: [AT, '2'] } } },
  { name: 'label_values(metric, label)', to: `GET ${url('/api/v1/label/instance/values', { 'match[]': 'requests_total', start: T, end: AT })}`, same: true, want: { data: ['a:1', 'b:1', 'c:1'] } },
  { name: 'label_values(metric, label) of older versions', to: `GET ${url('/api/v1/series', { 'match[]': 'requests_total', start: T, end: AT })}`, same: true, want: { data: (data) => assert.equal(data.length, 3) } },
  { name: 'metrics(regex)', to: `GET ${url('/api/v1/label/__name__/values', THEN)}`, same: true, want: { data: (data) => assert.ok(data.includes('requests_total')) } },
  { name: 'label_names()', to: `GET ${url('/api/v1/labels', THEN)}`, same: true, want: { status: 200 } },
  { name: 'query_result(expr)', to: 'POST /api/v1/query', form: { query: 'sort_desc(sum by (job) (requests_total))', time: AT }, same: true, want: { data: (data) => assert.equal(data.result.length, 2) } },
  { name: 'a panel', to: 'POST /api/v1/query_range', form: { query: 'sum by (job) (rate(requests_total{instance=~"(a:1|b:1)"}[1m0s]))', start: T + 7, end: AT, step: 15 }, same: true, want: { data: (data) => assert.equal(data.result.length, 1) } },
  { name: 'an instant panel', to: 'POST /api/v1/query', form: { query: 'topk(1, requests_total)', time: `${AT}.5` }, same: true, want: { data: (data) => assert.equal(data.result.length, 1) } },
  { name: 'exemplars', to: 'POST /api/v1/query_exemplars', form: { query: 'requests_total', start: T, end: AT }, same: true, want: { status: 200, data: [] } },
  { name: 'metadata', to: 'GET /api/v1/metadata', want: { status: 200 } },
  { name: 'rules', to: 'GET /api/v1/rules', same: true, want: { status: 200, data: { groups: [] } } },
  { name: 'annotations, with a step of their own', to: 'POST /api/v1/query_range', form: { query: 'changes(requests_total[1m]) > 0', start: T + 7, end: AT, step: 60 }, same: true, want: { status: 200 } },
];

describe('the HTTP API beside the real Prometheus', { skip: !hasPrometheus && 'prometheus is not installed' }, () => {
  let theirs, ours;
  before(async () => {
    theirs = await startPrometheus({ text: TEXT });
    ours = await startOurs({ text: TEXT, args: ['--cors-origin=*'] });
  });
  after(async () => {
    await ours?.stop();
    await theirs?.stop();
  });
  const peers = () => ({ prometheus: theirs.base, ours: ours.base });
  describe('envelope', () => table(ENVELOPE, peers));
  describe('query', () => table(QUERY, peers));
  describe('query_range', () => table(QUERY_RANGE, peers));
  describe('metadata', () => table(METADATA, peers));
  describe("Grafana's data source", () => table(GRAFANA, peers));
});
