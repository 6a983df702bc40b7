// A charging station made with ocpp-rpc in strict mode: every message of both sides is validated against the schemas.
// node station.mjs URL IDENTITY PASSWORD PROTOCOL; prints one JSON line a step and ends with {"done": true}.
import { RPCClient } from 'ocpp-rpc';

const [endpoint, identity, password, protocol] = process.argv.slice(2);
const v16 = protocol === 'ocpp1.6';
const tell = (step, value) => console.log(JSON.stringify({ step, ...value }));
const station = new RPCClient({
  endpoint, identity, password, protocols: [protocol], strictMode: true, reconnect: false, callTimeoutMs: 10000,
});
const heard = new Map();
const waiting = new Map();

function on(action, reply) {
  station.handle(action, ({ params }) => {
    heard.set(action, params);
    tell('heard', { action });
    waiting.get(action)?.();
    return reply(params);
  });
}

function until(action) {
  return heard.has(action) ? Promise.resolve() : new Promise((resolve) => waiting.set(action, resolve));
}

station.on('strictValidationFailure', ({ error }) => tell('complaint', { error: `${error}` }));
station.on('badMessage', (bad) => tell('complaint', { error: `bad message: ${bad.error}` }));
station.on('close', ({ code, reason }) => tell('closed', { code, reason: `${reason}` }));

on('SetChargingProfile', () => ({ status: 'Accepted' }));
on('TriggerMessage', () => ({ status: 'Accepted' }));
if (v16) {
  on('GetConfiguration', () => ({
    configurationKey: [
      { key: 'ChargingScheduleAllowedChargingRateUnit', readonly: true, value: 'Current,Power' },
      { key: 'ChargeProfileMaxStackLevel', readonly: true, value: '8' },
      { key: 'ChargingScheduleMaxPeriods', readonly: true, value: '24' },
    ],
  }));
  on('RemoteStartTransaction', () => ({ status: 'Accepted' }));
} else {
  on('GetVariables', ({ getVariableData }) => ({
    getVariableResult: getVariableData.map((wanted) => ({ ...wanted, attributeStatus: 'UnknownVariable' })),
  }));
  on('RequestStartTransaction', () => ({ status: 'Accepted' }));
}

const now = () => new Date().toISOString();

async function sessionV16() {
  await station.call('BootNotification', { chargePointVendor: 'Peer', chargePointModel: 'Strict' });
  await until('SetChargingProfile');
  await station.call('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Preparing' });
  tell('authorize', await station.call('Authorize', { idTag: 'CARD' }));
  heard.delete('SetChargingProfile');
  const started = await station.call('StartTransaction', {
    connectorId: 1, idTag: 'CARD', meterStart: 1000, timestamp: now(),
  });
  tell('started', started);
  const sampledValue = [
    { value: '1500', measurand: 'Energy.Active.Import.Register', unit: 'Wh' },
    { value: '7.2', measurand: 'Power.Active.Import', unit: 'kW' },
    { value: '41', measurand: 'SoC', unit: 'Percent', location: 'EV' },
  ];
  await station.call('MeterValues', {
    connectorId: 1, transactionId: started.transactionId, meterValue: [{ timestamp: now(), sampledValue }],
  });
  tell('metered', {});
  await Promise.all([until('RemoteStartTransaction'), until('SetChargingProfile')]);
  await station.call('StopTransaction', {
    transactionId: started.transactionId, meterStop: 2000, timestamp: now(), reason: 'EVDisconnected',
  });
  await station.call('Heartbeat', {});
}

async function sessionV201() {
  await station.call('BootNotification', { reason: 'PowerUp', chargingStation: { vendorName: 'Peer', model: 'Strict' } });
  await until('SetChargingProfile');
  await station.call('StatusNotification', {
    timestamp: now(), connectorStatus: 'Occupied', evseId: 1, connectorId: 1,
  });
  const idToken = { idToken: 'CARD', type: 'ISO14443' };
  tell('authorize', await station.call('Authorize', { idToken }));
  heard.delete('SetChargingProfile');
  const transactionId = '5f3c9e0a-peer';
  const evse = { id: 1, connectorId: 1 };
  const energy = (value, context) => [{
    timestamp: now(),
    sampledValue: [{ value, context, measurand: 'Energy.Active.Import.Register', unitOfMeasure: { unit: 'Wh' } }],
  }];
  tell('started', await station.call('TransactionEvent', {
    eventType: 'Started', timestamp: now(), triggerReason: 'Authorized', seqNo: 0,
    transactionInfo: { transactionId, chargingState: 'Charging' }, evse, idToken,
    meterValue: energy(1000, 'Transaction.Begin'),
  }));
  await station.call('TransactionEvent', {
    eventType: 'Updated', timestamp: now(), triggerReason: 'MeterValuePeriodic', seqNo: 1,
    transactionInfo: { transactionId }, evse, meterValue: energy(1500, 'Sample.Periodic'),
  });
  tell('metered', {});
  await Promise.all([until('RequestStartTransaction'), until('SetChargingProfile')]);
  await station.call('TransactionEvent', {
    eventType: 'Ended', timestamp: now(), triggerReason: 'EVDeparted', seqNo: 2,
    transactionInfo: { transactionId, stoppedReason: 'EVDisconnected' }, evse,
    meterValue: energy(2000, 'Transaction.End'),
  });
  await station.call('Heartbeat', {});
}

try {
  await station.connect();
  await (v16 ? sessionV16() : sessionV201());
  tell('done', {});
} catch (error) {
  tell('failed', { error: `${error}`, details: error.details ?? null });
  process.exitCode = 1;
}
await station.close();
