// http_api_write.test.mjs - the writing half of the HTTP API: remote write and federation beside the real Prometheus (2.x), imports
// beside the real VictoriaMetrics, what administrators may do beside both. Where ours differs, the row says how and why.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { ask, assertAnswer, hasPrometheus, hasVictoriaMetrics, startOurs, startPrometheus, startVictoriaMetrics, table, url } from '../lib/peers.mjs';
import { message1, message2, snappy } from '../lib/remote_write.mjs';

const NOW = Date.now() - 60_000;
const bad = { status: 400 };
const WRITE1 = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' };
const WRITE2 = { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '2.0.0' };
const write = (series, more = {}) => ({ to: 'POST /api/v1/write', headers: WRITE1, body: snappy(message1(series)), ...more });
const of = (query) => ({ query, time: NOW / 1000 + 50 });

/** Rows in order: each writes, and may then look with `query` at what is kept: [time in ms, value]. */
const REMOTE_WRITE = [
  { name: 'samples are taken: 204', ...write([[{ __name__: 'w', job: 'a' }, [[NOW, 1], [NOW + 1000, 2]]], [{ __name__: 'w', job: 'b' }, [[NOW, 5]]]]), want: { status: 204 }, query: 'w{job="a"}[2m]', kept: [[NOW, 1], [NOW + 1000, 2]] },
  { name: 'the same sample twice is no error', ...write([[{ __name__: 'w', job: 'a' }, [[NOW + 1000, 2]]]]), want: { status: 204 }, query: 'w{job="a"}[2m]', kept: [[NOW, 1], [NOW + 1000, 2]] },
  { name: 'another value at the same time', ...write([[{ __name__: 'w', job: 'a' }, [[NOW + 1000, 3]]]]), want: {}, theirs: bad, ours: { status: 204 }, query: 'w{job="a"}[2m]', keptByOurs: [[NOW, 1], [NOW + 1000, 3]], why: 'the later write stands' },
  { name: 'a sample out of order', ...write([[{ __name__: 'w', job: 'a' }, [[NOW + 500, 7]]]]), want: {}, theirs: bad, ours: { status: 204 }, query: 'w{job="a"}[2m]', keptByOurs: [[NOW, 1], [NOW + 500, 7], [NOW + 1000, 3]], why: 'backfill is what pushing is for' },
  { name: 'a sample that is too old', ...write([[{ __name__: 'w', job: 'a' }, [[-1000, 1], [NOW + 2000, 9]]]]), want: bad, ours: { errorType: 'bad_data', error: /1 samples were kept, 1 are too old/ }, query: 'w{job="a"} ', keptByOurs: [[NOW + 2000, 9]], why: 'what is good of a request is kept' },
  { name: 'NaN and the infinities', ...write([[{ __name__: 'odd' }, [[NOW, NaN], [NOW + 1, Infinity], [NOW + 2, -Infinity]]]]), want: { status: 204 }, query: 'odd[2m]', kept: [[NOW, NaN], [NOW + 1, Infinity], [NOW + 2, -Infinity]] },
  { name: 'a body that is no Snappy block', to: 'POST /api/v1/write', headers: WRITE1, body: 'words', want: { status: 400 } },
  { name: 'a message that is none', to: 'POST /api/v1/write', headers: WRITE1, body: snappy(Buffer.from('words')), want: { status: 400 } },
  { name: 'an empty message', ...write([]), want: { status: 204 } },
  { name: '2.0, with what was written in headers', to: 'POST /api/v1/write', headers: WRITE2, body: snappy(message2([[{ __name__: 'w2', job: 'a' }, [[NOW, 1], [NOW + 1000, 2]]]])), want: {}, ours: { status: 204, headers: { 'x-prometheus-remote-write-samples-written': '2', 'x-prometheus-remote-write-histograms-written': '0', 'x-prometheus-remote-write-exemplars-written': '0' } }, query: 'w2[2m]', keptByOurs: [[NOW, 1], [NOW + 1000, 2]], why: '2.0 came with Prometheus 3' },
  { name: 'a message of another kind', to: 'POST /api/v1/write', headers: { ...WRITE2, 'content-type': 'application/x-protobuf;proto=some.Thing' }, body: snappy(message1([])), want: {}, ours: { status: 415 }, why: '2.0 came with Prometheus 3' },
  { name: 'zstd in place of Snappy', to: 'POST /api/v1/write', headers: { ...WRITE1, 'content-encoding': 'zstd', 'x-victoriametrics-remote-write-version': '1' }, body: spawnSync('zstd', ['-c'], { input: message1([[{ __name__: 'packed' }, [[NOW, 4]]]]) }).stdout, skip: spawnSync('zstd', ['--version']).status !== 0, want: {}, ours: { status: 204 }, query: 'packed[2m]', keptByOurs: [[NOW, 4]], why: 'this is VictoriaMetrics\' form' },
];

async function keptOf(base, query) {
  const { json } = await ask(base, { to: `GET ${url('/api/v1/query', of(query))}` });
  const [series] = json.data.result;
  const number = (word) => Number(word.replace('Inf', 'Infinity'));
  return (series?.values ?? (series ? [series.value] : [])).map(([time, value]) => [Math.round(time * 1000), number(value)]);
}

describe('remote write and federation beside the real Prometheus', { skip: !hasPrometheus && 'prometheus is not installed' }, () => {
  let theirs, ours;
  before(async () => {
    theirs = await startPrometheus({ args: ['--web.enable-remote-write-receiver', '--web.enable-admin-api'] });
    ours = await startOurs({ args: ['--web.enable-admin-api'] });
  });
  after(async () => {
    await ours?.stop();
    await theirs?.stop();
  });
  const peers = () => ({ prometheus: theirs.base, ours: ours.base });
  const remove = (parameters) => `POST ${url('/api/v1/admin/tsdb/delete_series', parameters)}`;
  const count = `GET ${url('/api/v1/query', of('count(del)'))}`;

  for (const row of REMOTE_WRITE)
    it(row.name, { skip: row.skip, timeout: 60_000 }, async () => {
      for (const [who, base] of Object.entries(peers())) {
        assertAnswer(await ask(base, row), { ...row.want, ...(who === 'ours' ? row.ours : row.theirs) }, who);
        const kept = who === 'ours' ? (row.keptByOurs ?? row.kept) : row.kept;
        if (!kept) continue;
        const found = await keptOf(base, row.query.trim());
        assert.deepEqual(row.query.endsWith(' ') ? found.map(([, value]) => value) : found, row.query.endsWith(' ') ? kept.map(([, value]) => value) : kept, who);
      }
    });

  describe('federation', () => {
    before(async () => {
      const now = Date.now();
      for (const base of Object.values(peers()))
        assert.equal((await ask(base, write([[{ __name__: 'fed', job: 'a', q: 'a "b" \\ \n' }, [[now - 1000, 7]]], [{ __name__: 'fed', job: 'b' }, [[now - 1000, 8]]], [{ __name__: 'other' }, [[now - 1000, 9]]]]))).status, 204);
    });
    const samples = (answer) => answer.text.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.replace(/ \d{13}$/, ' TIME').replace(/,instance=""/, '')).sort();
    const wanted = ['fed{job="a",q="a \\"b\\" \\\\ \\n"} 7 TIME', 'fed{job="b"} 8 TIME'];
    const look = (more) => ({ text: /./, ...more });
    table([
      { name: 'without a selector', to: 'GET /federate', want: {}, theirs: { status: 200 }, ours: { status: 200 } },
      { name: 'a selector that does not parse', to: `GET ${url('/federate', { 'match[]': 'x{' })}`, want: { status: 400, text: /parse error/ } },
      { name: 'what matches nothing', to: `GET ${url('/federate', { 'match[]': 'nothing' })}`, want: { status: 200, text: /^$/ } },
      { name: 'the latest samples as text', to: `GET ${url('/federate', { 'match[]': 'fed' })}`, want: look({ status: 200, headers: { 'content-type': /^text\/plain; version=0\.0\.4/ } }) },
    ], peers);
    it('gives the same samples, of several selectors each once', async () => {
      for (const [who, base] of Object.entries(peers())) {
        assert.deepEqual(samples(await ask(base, { to: `GET ${url('/federate', { 'match[]': ['fed', '{job="a"}', '{__name__="fed",job="b"}'] })}` })).filter((line) => line.startsWith('fed')), wanted, who);
      }
    });
  });

  describe('administration', () => table([
    { name: 'a snapshot has a name', to: 'POST /api/v1/admin/tsdb/snapshot', want: { status: 200, data: (data) => assert.match(data.name, /^\d{8}T\d{6}Z-/) } },
    { name: 'a snapshot by PUT', to: 'PUT /api/v1/admin/tsdb/snapshot?skip_head=true', want: { status: 200, data: (data) => assert.match(data.name, /^\d{8}T\d{6}Z-/) } },
    { name: 'a snapshot by GET is refused', to: 'GET /api/v1/admin/tsdb/snapshot', want: { status: 405 } },
    { name: 'two series to be deleted', ...write([[{ __name__: 'del', job: 'a' }, [[NOW, 1]]], [{ __name__: 'del', job: 'b' }, [[NOW, 2]]]]), want: { status: 204 } },
    { name: 'deleting by GET is refused', to: remove({ 'match[]': 'del' }).replace('POST', 'GET'), want: { status: 405 } },
    { name: 'deleting without a selector', to: remove({}), want: { status: 400, errorType: 'bad_data', error: /no match\[\] parameter provided/ } },
    { name: 'deleting by a selector that does not parse', to: remove({ 'match[]': 'del{' }), want: { status: 400, errorType: 'bad_data', error: /parse error/ } },
    { name: 'deleting from a time that is none', to: remove({ 'match[]': 'del', start: 'x' }), same: true, want: { status: 400, errorType: 'bad_data' } },
    { name: 'deleting another time', to: remove({ 'match[]': 'del', end: NOW / 1000 - 60 }), want: { status: 204 } },
    { name: 'deleted nothing', to: count, same: true, want: { data: (data) => assert.equal(data.result[0].value[1], '2') } },
    { name: 'deleting one', to: remove({ 'match[]': 'del{job="a"}', start: NOW / 1000 - 60, end: NOW / 1000 + 60 }), want: { status: 204, text: /^$/ } },
    { name: 'leaves the other', to: count, same: true, want: { data: (data) => assert.equal(data.result[0].value[1], '1') } },
    { name: 'deleting several by PUT', to: remove({ 'match[]': ['del', 'nothing'] }).replace('POST', 'PUT'), want: { status: 204 } },
    { name: 'leaves none', to: count, same: true, want: { data: (data) => assert.deepEqual(data.result, []) } },
    { name: 'tombstones are cleaned', to: 'POST /api/v1/admin/tsdb/clean_tombstones', want: { status: 204 } },
  ], peers));
});

/* ---- imports ---- */

const T = 1_700_000_000_000;
const series = (metric, samples) => ({ metric, values: samples.map(([, value]) => value), timestamps: samples.map(([time]) => time) });
const csv = (format, more = {}) => `POST ${url('/api/v1/import/csv', { format, ...more })}`;

const sorted = (list) => [...list].sort((a, b) => JSON.stringify(Object.entries(a.metric).sort()).localeCompare(JSON.stringify(Object.entries(b.metric).sort())));

/** Each row writes something into both, then the series of the selector `kept` must be the same: `series`. */
const IMPORTS = [
  { name: 'text with times', to: 'POST /api/v1/import/prometheus', body: `# HELP t1 x\n# TYPE t1 gauge\nt1{a="b"} 1.5 ${T}\nt1{a="b"} -2e3 ${T + 1000}\n`, kept: 't1', series: [series({ __name__: 't1', a: 'b' }, [[T, 1.5], [T + 1000, -2000]])] },
  { name: 'text in gzip', to: 'POST /api/v1/import/prometheus', body: `t2 7 ${T}\n`, gzip: true, kept: 't2', series: [series({ __name__: 't2' }, [[T, 7]])] },
  { name: 'text at a given time', to: `POST /api/v1/import/prometheus?timestamp=${T}`, body: 't3 7\n', kept: 't3', series: [series({ __name__: 't3' }, [[T, 7]])] },
  { name: 'text with further labels', to: 'POST /api/v1/import/prometheus?extra_label=dc=x&extra_label=a=new', body: `t4{a="old"} 7 ${T}\n`, kept: 't4', series: [series({ __name__: 't4', a: 'new', dc: 'x' }, [[T, 7]])] },
  { name: 'text with a line that cannot be read keeps the others', to: 'POST /api/v1/import/prometheus', body: `t5 1 ${T}\nt5{ 2\nt5{a="b"} 3 ${T}\n`, kept: 't5', series: [series({ __name__: 't5' }, [[T, 1]]), series({ __name__: 't5', a: 'b' }, [[T, 3]])] },
  { name: 'JSON lines', to: 'POST /api/v1/import', body: `{"metric":{"__name__":"j1","a":"κ"},"values":[1,2.5],"timestamps":[${T},${T + 1000}]}\n`, kept: 'j1', series: [series({ __name__: 'j1', a: 'κ' }, [[T, 1], [T + 1000, 2.5]])] },
  { name: 'JSON lines in gzip', to: 'POST /api/v1/import', gzip: true, body: `{"metric":{"__name__":"j2"},"values":[1],"timestamps":[${T}]}\n`, kept: 'j2', series: [series({ __name__: 'j2' }, [[T, 1]])] },
  { name: 'JSON lines with a line that cannot be read', to: 'POST /api/v1/import', body: `{"metric":{"__name__":"j3"},"values":[1],"timestamps":[${T}]}\n{"metric":\n{"metric":{"__name__":"j3","a":"b"},"values":[2],"timestamps":[${T}]}\n`, kept: 'j3', series: [series({ __name__: 'j3' }, [[T, 1]]), series({ __name__: 'j3', a: 'b' }, [[T, 2]])] },
  { name: 'CSV with times in seconds', to: csv('1:time:unix_s,2:label:host,3:metric:c1'), body: `${T / 1000},a,1.5\n${T / 1000 + 1},a,-2\n`, kept: 'c1', series: [series({ __name__: 'c1', host: 'a' }, [[T, 1.5], [T + 1000, -2]])] },
  { name: 'CSV with times in milliseconds, columns in any order, several metrics', to: csv('4:time:unix_ms,1:metric:c2_a,3:label:host,2:metric:c2_b'), body: `1,2,h,${T}\n`, kept: '{__name__=~"c2_.*"}', series: [series({ __name__: 'c2_a', host: 'h' }, [[T, 1]]), series({ __name__: 'c2_b', host: 'h' }, [[T, 2]])] },
  { name: 'CSV with times in nanoseconds', to: csv('1:time:unix_ns,2:metric:c3'), body: `${T}000000,1\n`, kept: 'c3', series: [series({ __name__: 'c3' }, [[T, 1]])] },
  { name: 'CSV with times of RFC 3339', to: csv('1:time:rfc3339,2:metric:c4'), body: '2023-11-14T22:13:20Z,1\n2023-11-14T22:13:21+00:00,2\n', kept: 'c4', series: [series({ __name__: 'c4' }, [[T, 1], [T + 1000, 2]])] },
  { name: 'CSV in quotes', to: csv('1:label:text,2:metric:c5,3:time:unix_ms'), body: `"a ""b"", c",1,${T}\n'b c',2,${T}\n`, kept: 'c5', series: [series({ __name__: 'c5', text: 'a "b", c' }, [[T, 1]]), series({ __name__: 'c5', text: "'b c'" }, [[T, 2]])] },
  { name: 'CSV with columns that are not described, and empty values', to: csv('2:metric:c6,3:label:empty,5:time:unix_ms,6:metric:c6_none'), body: `x,1,,y,${T},,z\n`, kept: '{__name__=~"c6.*"}', theirs: [], series: [series({ __name__: 'c6' }, [[T, 1]])], why: 'an empty value is no sample, as in later versions; 1.79 drops the line' },
  { name: 'CSV with a heading', to: csv('1:time:unix_ms,2:metric:c7'), body: `time,load\r\n${T},1\r\n`, kept: 'c7', series: [series({ __name__: 'c7' }, [[T, 1]])] },
  { name: 'CSV with further labels, in gzip', to: csv('1:metric:c8,2:time:unix_ms', { extra_label: 'dc=x' }), gzip: true, body: `5,${T}\n`, kept: 'c8', series: [series({ __name__: 'c8', dc: 'x' }, [[T, 5]])] },
  { name: 'CSV without a description of columns', to: 'POST /api/v1/import/csv', body: '1,2\n', want: bad, kept: 'none', series: [] },
  { name: 'CSV with a description that makes no sense', to: csv('1:gauge:x'), body: '1,2\n', want: bad, kept: 'none', series: [] },
  { name: 'CSV without a metric', to: csv('1:label:x'), body: '1,2\n', want: bad, kept: 'none', series: [] },
];

describe('imports beside the real VictoriaMetrics', { skip: !hasVictoriaMetrics && 'victoria-metrics is not installed' }, () => {
  let theirs, ours;
  before(async () => {
    theirs = await startVictoriaMetrics();
    ours = await startOurs();
  });
  after(async () => {
    await ours?.stop();
    await theirs?.stop();
  });

  const exported = async (base, match) => {
    const { text } = await ask(base, { to: `GET ${url('/api/v1/export', { 'match[]': match, start: T / 1000 - 60, end: T / 1000 + 60 })}` });
    const lines = text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
    return sorted(lines);
  };
  for (const row of IMPORTS)
    it(row.name, { timeout: 60_000 }, async () => {
      for (const [who, base] of Object.entries({ 'victoria-metrics': theirs.base, ours: ours.base })) {
        const answer = await ask(base, row);
        if (row.want) assert.equal(answer.status, row.want.status, `${who}: ${answer.text}`);
        else assert.equal(answer.status, 204, `${who}: ${answer.text}`);
        if (who !== 'ours') await fetch(`${base}/internal/force_flush`);
        assert.deepEqual(await exported(base, row.kept), sorted(who === 'ours' ? row.series : (row.theirs ?? row.series)), who);
      }
    });
});
