// schema_bridge.test.mjs - what an old dashboard of dcgm-exporter asks, over history of all-smi and over the seam between the two; and
// all-smi's names over history of dcgm-exporter.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ask, startOurs, url } from '../lib/peers.mjs';

const T = 1_700_000_040; // the seam
const STEP = 15;
const N = 240; // samples before and behind it
const MIB = 1048576;
const UUID = (gpu) => `GPU-0000000${gpu}`;
const dcgm = (name, gpu, extra = '') => `${name}{gpu="${gpu}",UUID="${UUID(gpu)}",device="nvidia${gpu}",modelName="H100",Hostname="a",pci_bus_id="0000:0${gpu}",instance="a:9400",job="dcgm"${extra}}`;
const smi = (name, gpu, extra = '') => `${name}{gpu_index="${gpu}",gpu_uuid="${UUID(gpu)}",gpu="H100",hostname="a",instance="a:9401",job="gpu"${extra}}`;

/** GPUs 0 and 1: dcgm-exporter until the seam, the new worker from there. GPU 2: the new worker beside the old exporter, always. */
const TEXT = (() => {
  const lines = [];
  const put = (series, i, value) => lines.push(`${series} ${value} ${(T + i * STEP) * 1000}`);
  for (let i = -N; i < N; i++)
    for (const gpu of [0, 1, 2]) {
      const heat = 40 + gpu * 10 + (i % 7);
      const joules = (i + N) * 100 * (gpu + 1);
      if (i < 0 || gpu === 2) {
        put(dcgm('DCGM_FI_DEV_GPU_TEMP', gpu), i, heat);
        put(dcgm('DCGM_FI_DEV_FB_USED', gpu), i, 1000 + gpu);
        put(dcgm('DCGM_FI_DEV_FB_FREE', gpu), i, 3000);
        put(dcgm('DCGM_FI_DEV_FB_RESERVED', gpu), i, 96 - gpu);
        put(dcgm('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', gpu), i, joules * 1000);
        put(dcgm('DCGM_FI_DEV_ECC_SBE_VOL_TOTAL', gpu), i, gpu);
        put(dcgm('DCGM_FI_DEV_ECC_DBE_VOL_TOTAL', gpu), i, 7);
      }
      if (i >= 0 || gpu === 2) {
        put(smi('all_smi_gpu_temperature_celsius', gpu), i, heat);
        put(smi('all_smi_gpu_memory_used_bytes', gpu), i, (1000 + gpu) * MIB);
        put(smi('all_smi_energy_consumed_joules_total', gpu, ',scope="gpu"'), i, joules);
        put(smi('algalon_gpu_clock_sm_mhz', gpu), i, 1500 + gpu);
        put(smi('algalon_gpu_ecc_errors_total', gpu, ',type="corrected"'), i, gpu);
        for (const link of [0, 1, 2]) put(smi('algalon_gpu_nvlink_errors_total', gpu, `,kind="crc_flit",link_index="${link}"`), i, link + gpu);
        put(smi('algalon_gpu_nvlink_transmit_bytes_per_second', gpu), i, 1024000 * 3);
        put(smi('algalon_gpu_nvlink_receive_bytes_per_second', gpu), i, 1024000 * 2);
      }
    }
  return `${lines.join('\n')}\n`;
})();

describe('the schema bridge', () => {
  let bridged, plain;
  before(async () => {
    bridged = await startOurs({ text: TEXT });
    plain = await startOurs({ text: TEXT, args: ['--schema-bridge=off'] });
  });
  after(async () => {
    await bridged?.stop();
    await plain?.stop();
  });
  const instant = async (query, time, from = bridged) => (await ask(from.base, { to: 'POST /api/v1/query', form: { query, time } })).json;
  const values = async (query, time, label = 'gpu') => Object.fromEntries((await instant(query, time)).data.result.map(({ metric, value }) => [metric[label] ?? '', Number(value[1])]));
  const range = async (query, from = bridged) => (await ask(from.base, { to: 'POST /api/v1/query_range', form: { query, start: T - 1200, end: T + 1200, step: 60 } })).json;

  it('answers the queries of an old dashboard from new history, in the old unit and with the old labels', async () => {
    const at = T + 1800; // long behind the seam
    const where = '{instance=~"a:.*",gpu=~"0|1|2"}';
    const heat = (gpu) => 40 + gpu * 10 + (120 % 7);
    assert.deepEqual(await values(`DCGM_FI_DEV_GPU_TEMP${where}`, at), { 0: heat(0), 1: heat(1), 2: heat(2) });
    assert.deepEqual(await values(`avg(DCGM_FI_DEV_GPU_TEMP${where})`, at), { '': heat(1) });
    assert.deepEqual(await values(`DCGM_FI_DEV_FB_USED${where}`, at), { 0: 1000, 1: 1001, 2: 1002 });
    assert.deepEqual(await values(`DCGM_FI_DEV_SM_CLOCK${where} * 1000000`, at), { 0: 1500e6, 1: 1501e6, 2: 1502e6 });
    assert.deepEqual(await values('DCGM_FI_DEV_SM_CLOCK_HERTZ', at), { 0: 1500e6, 1: 1501e6, 2: 1502e6 });
    assert.deepEqual(await values('round(rate(DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION[5m]))', at), { 0: 6667, 1: 13333, 2: 20000 });
    assert.deepEqual(await values('DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL', at), { 0: 3, 1: 6, 2: 9 });
    assert.deepEqual(await values('DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL', at), { 0: 5, 1: 5, 2: 5 });
    assert.deepEqual(await values('DCGM_FI_DEV_ECC_SBE_VOL_TOTAL', at), { 0: 0, 1: 1, 2: 2 });
    assert.deepEqual(await values('DCGM_FI_DEV_GPU_TEMP{device="nvidia1",modelName="H100",Hostname!="b"}', at), { 1: heat(1) });
    assert.deepEqual(await values('DCGM_FI_DEV_GPU_TEMP{gpu="7"}', at), {});
    const { data } = await instant('DCGM_FI_DEV_GPU_TEMP{gpu="0"}', at);
    assert.deepEqual(data.result[0].metric, { __name__: 'DCGM_FI_DEV_GPU_TEMP', gpu: '0', UUID: UUID(0), device: 'nvidia0', modelName: 'H100', Hostname: 'a', instance: 'a:9401', job: 'gpu' });
  });

  it('counts no GPU twice where both were kept, and none less over the seam', async () => {
    for (const query of ['count(DCGM_FI_DEV_GPU_TEMP)', 'count(all_smi_gpu_temperature_celsius)']) {
      const { data } = await range(query);
      assert.equal(data.result[0].values.length, 41);
      assert.deepEqual([...new Set(data.result[0].values.map(([, value]) => value))], ['3'], query);
    }
    const { data } = await range('sum by (gpu) (DCGM_FI_DEV_FB_USED)');
    for (const { metric, values: points } of data.result) assert.deepEqual([...new Set(points.map(([, value]) => value))], [String(1000 + Number(metric.gpu))]);
    // The series that really exists stands alone for its GPU.
    const both = (await range('DCGM_FI_DEV_GPU_TEMP{gpu="2"}')).data.result;
    assert.deepEqual(both.map(({ metric }) => metric.job), ['dcgm']);
  });

  it('answers the new names from old history', async () => {
    const at = T - 1800;
    assert.deepEqual(await values('all_smi_gpu_memory_used_bytes', at, 'gpu_index'), { 0: 1000 * MIB, 1: 1001 * MIB, 2: 1002 * MIB });
    assert.deepEqual(await values('all_smi_gpu_memory_total_bytes', at, 'gpu_index'), { 0: 4096 * MIB, 1: 4096 * MIB, 2: 4096 * MIB });
    assert.deepEqual(await values('algalon_gpu_ecc_errors_total{type="uncorrected"}', at, 'gpu_index'), { 0: 7, 1: 7, 2: 7 });
    assert.deepEqual(await values('sum by (type) (algalon_gpu_ecc_errors_total{gpu_index=~"0|1"})', at, 'type'), { corrected: 1, uncorrected: 14 });
    assert.deepEqual(await values('round(rate(all_smi_energy_consumed_joules_total{scope="gpu",hostname="a"}[5m]), 0.01)', at, 'gpu_index'), { 0: 6.67, 1: 13.33, 2: 20 });
  });

  it('says so in the answer', async () => {
    const { infos } = await instant('1 + DCGM_FI_DEV_GPU_TEMP', T + 1800);
    assert.deepEqual(infos, ['PromQL info: series of "DCGM_FI_DEV_GPU_TEMP" are made from "all_smi_gpu_temperature_celsius" where it was not kept itself (--schema-bridge=off leaves them out) (1:5)']);
    assert.equal((await instant('up', T)).infos, undefined);
    // Over the seam something is made; where a GPU has both, nothing is, and nothing is said.
    assert.equal((await range('DCGM_FI_DEV_GPU_TEMP')).infos.length, 1);
    for (const query of ['DCGM_FI_DEV_GPU_TEMP{gpu="2"}', 'all_smi_gpu_temperature_celsius{gpu_index="2"}']) {
      assert.equal((await instant(query, T + 1800)).infos, undefined, query);
      assert.equal((await range(query)).infos, undefined, query);
    }
  });

  it('gives variables their values', async () => {
    const list = async (path, parameters, from = bridged) => (await ask(from.base, { to: `GET ${url(path, parameters)}` })).json.data;
    const behind = { start: T + 1500, end: T + 1800 };
    assert.deepEqual(await list('/api/v1/label/gpu/values', { 'match[]': 'DCGM_FI_DEV_SM_CLOCK', ...behind }), ['0', '1', '2']);
    assert.deepEqual(await list('/api/v1/label/Hostname/values', { 'match[]': 'DCGM_FI_DEV_SM_CLOCK{gpu="1"}', ...behind }), ['a']);
    assert.deepEqual(await list('/api/v1/label/gpu/values', { 'match[]': 'DCGM_FI_DEV_SM_CLOCK', limit: 2 }), ['0', '1']);
    assert.deepEqual(await list('/api/v1/labels', { 'match[]': 'DCGM_FI_DEV_SM_CLOCK' }), ['Hostname', 'UUID', '__name__', 'device', 'gpu', 'instance', 'job', 'modelName']);
    assert.equal((await list('/api/v1/series', { 'match[]': 'DCGM_FI_DEV_SM_CLOCK', ...behind })).length, 3);
    assert.deepEqual(await list('/api/v1/label/gpu/values', { 'match[]': 'DCGM_FI_DEV_SM_CLOCK' }, plain), []);
  });

  it('leaves everything else alone, and can be turned off', async () => {
    const names = (await ask(bridged.base, { to: 'GET /api/v1/label/__name__/values' })).json.data;
    assert.ok(!names.includes('DCGM_FI_DEV_SM_CLOCK'));
    assert.equal((await instant('{__name__=~"DCGM_FI_DEV_SM_CLOCK|x"}', T + 1800)).data.result.length, 0);
    assert.equal((await instant('DCGM_FI_DEV_SM_CLOCK', T + 1800, plain)).data.result.length, 0);
    assert.equal((await instant('count(DCGM_FI_DEV_GPU_TEMP)', T + 1800, plain)).data.result[0].value[1], '1');
    const exported = await ask(bridged.base, { to: `GET ${url('/api/v1/export', { 'match[]': 'DCGM_FI_DEV_SM_CLOCK' })}` });
    assert.equal(exported.text, '', 'what is exported is what is kept');
  });
});
