// A charging station that is not ours, on the npm package ocpp-rpc in strict mode: what it sends and what it gets is held
// against the schemas that package brings. It charges once by itself, then does what it is asked until stdin is closed.
//
//     node station.cjs ENDPOINT IDENTITY PASSWORD ocpp1.6|ocpp2.0.1|ocpp2.1
//
// Prints one JSON object a line: {"did": ...} for each step, {"complaint": ...} for whatever either side got wrong.
'use strict';

const { RPCClient } = require('ocpp-rpc');
const makeUpkeep = require('./upkeep.cjs');

const [endpoint, identity, password, protocol] = process.argv.slice(2);
const CARD = 'CARD-1';
const METER_WH = [1000, 1500, 2000, 2500];

const print = (line) => console.log(JSON.stringify(line));
const did = (step, details = {}) => print({ did: step, ...details });
const complain = (what, details) => print({ complaint: what, details: `${details}` });

const client = new RPCClient({
  endpoint, identity, password, protocols: [protocol], strictMode: true, reconnect: false, callTimeoutMs: 10000,
});
client.on('strictValidationFailure', (bad) => complain(`${bad.method} is not valid`, bad.error));
client.on('badMessage', (bad) => complain('a message cannot be read', bad.error));
client.on('callError', (bad) => complain(`${bad.method} got an error`, bad.error));

// The central system's clock; each thing said is a second later than the last.
let clock = 0;
const now = () => new Date((clock += 1000)).toISOString();

let profiles = [];
let charge = null; // the charge under way

const limitOf = (period) => ({ startPeriod: 0, limit: period ? period.limit : 0 });

const v16 = {
  async boot() {
    const answer = await client.call('BootNotification', {
      chargePointVendor: 'Peer', chargePointModel: 'Strict', firmwareVersion: upkeep.state.firmware,
    });
    clock = Date.parse(answer.currentTime);
    did('boot', { status: answer.status });
    await this.status('Available');
  },
  status: (status) => client.call('StatusNotification', {
    connectorId: 1, errorCode: 'NoError', status, timestamp: now(),
  }),
  heartbeat: () => client.call('Heartbeat', {}),
  async authorize() {
    return (await client.call('Authorize', { idTag: CARD })).idTagInfo.status;
  },
  async begin() {
    const answer = await client.call('StartTransaction', {
      connectorId: 1, idTag: CARD, meterStart: METER_WH[0], timestamp: now(), ...useReservation(),
    });
    charge = { id: answer.transactionId };
    await this.status('Charging');
    return answer.idTagInfo.status;
  },
  async meter() {
    for (const wh of METER_WH.slice(1, 3)) {
      const reading = {
        connectorId: 1,
        transactionId: charge.id,
        meterValue: [{
          timestamp: now(),
          sampledValue: [
            { value: `${wh}`, measurand: 'Energy.Active.Import.Register', unit: 'Wh', context: 'Sample.Periodic' },
            { value: '7.2', measurand: 'Power.Active.Import', unit: 'kW', context: 'Sample.Periodic' },
            { value: '41', measurand: 'SoC', unit: 'Percent', location: 'EV', context: 'Sample.Periodic' },
          ],
        }],
      };
      await client.call('MeterValues', reading);
      await client.call('MeterValues', reading); // as after an answer that was lost
    }
  },
  async end(reason) {
    const transactionId = charge.id;
    charge = null;
    await client.call('StopTransaction', { transactionId, meterStop: METER_WH[3], timestamp: now(), reason });
    await this.status('Available');
  },
  requests: {
    GetConfiguration: ({ key }) => ({
      configurationKey: key
        .filter((name) => name in v16.configuration)
        .map((name) => ({ key: name, readonly: true, value: v16.configuration[name] })),
      unknownKey: key.filter((name) => !(name in v16.configuration)),
    }),
    SetChargingProfile: ({ csChargingProfiles }) => install(csChargingProfiles),
    GetCompositeSchedule: ({ connectorId, duration }) => ({
      status: 'Accepted',
      connectorId,
      scheduleStart: now(),
      chargingSchedule: {
        duration,
        chargingRateUnit: newestSchedule().chargingRateUnit,
        chargingSchedulePeriod: [limitOf(newestSchedule().chargingSchedulePeriod[0])],
      },
    }),
    RemoteStartTransaction: () => later(charge ? null : 'remote start', async () => {
      await v16.begin();
    }),
    RemoteStopTransaction: ({ transactionId }) => later(
      charge && charge.id === transactionId ? 'remote stop' : null, () => v16.end('Remote'),
    ),
    TriggerMessage: ({ requestedMessage }) => trigger(requestedMessage),
    Reset: () => later('reset', restart),
  },
  configuration: {
    ChargingScheduleAllowedChargingRateUnit: 'Current,Power',
    ChargeProfileMaxStackLevel: '8',
    ChargingScheduleMaxPeriods: '24',
    MaxChargingProfilesInstalled: '10',
  },
  newest: (profile) => profile.chargingSchedule,
};

const v201 = {
  number: 0,
  async boot() {
    const answer = await client.call('BootNotification', {
      reason: 'PowerUp',
      chargingStation: { vendorName: 'Peer', model: 'Strict', firmwareVersion: upkeep.state.firmware },
    });
    clock = Date.parse(answer.currentTime);
    did('boot', { status: answer.status });
    await this.status('Available');
  },
  status: (status) => client.call('StatusNotification', {
    timestamp: now(), connectorStatus: status, evseId: 1, connectorId: 1,
  }),
  heartbeat: () => client.call('Heartbeat', {}),
  idToken: { idToken: CARD, type: 'ISO14443' },
  async authorize() {
    return (await client.call('Authorize', { idToken: this.idToken })).idTokenInfo.status;
  },
  event(eventType, triggerReason, wh, context, more = {}, about = {}) {
    const sample = (value, measurand, unit) => ({ value, measurand, context, unitOfMeasure: { unit } });
    return {
      eventType,
      triggerReason,
      timestamp: now(),
      seqNo: charge.seqNo++,
      transactionInfo: { transactionId: charge.id, ...about },
      evse: { id: 1, connectorId: 1 },
      meterValue: [{
        timestamp: new Date(clock).toISOString(),
        sampledValue: [
          sample(wh, 'Energy.Active.Import.Register', 'Wh'),
          sample(7.2, 'Power.Active.Import', 'kW'),
          sample(41, 'SoC', 'Percent'),
        ],
      }],
      ...more,
    };
  },
  async begin(about = {}) {
    await this.status('Occupied');
    charge = { id: `peer-charge-${++this.number}`, seqNo: 0 };
    const trigger = 'remoteStartId' in about ? 'RemoteStart' : 'Authorized';
    const answer = await client.call('TransactionEvent', this.event(
      'Started', trigger, METER_WH[0], 'Transaction.Begin', { idToken: this.idToken, ...useReservation() },
      { chargingState: 'Charging', ...about },
    ));
    return answer.idTokenInfo.status;
  },
  async meter() {
    for (const wh of METER_WH.slice(1, 3)) {
      const reading = this.event('Updated', 'MeterValuePeriodic', wh, 'Sample.Periodic');
      await client.call('TransactionEvent', reading);
      await client.call('TransactionEvent', reading); // as after an answer that was lost
    }
  },
  async end(stoppedReason) {
    const trigger = stoppedReason === 'Remote' ? 'RemoteStop' : 'EVDeparted';
    const ended = this.event('Ended', trigger, METER_WH[3], 'Transaction.End', {}, { stoppedReason });
    charge = null;
    await client.call('TransactionEvent', ended);
    await this.status('Available');
  },
  requests: {
    GetVariables: ({ getVariableData }) => ({
      getVariableResult: getVariableData.map(({ component, variable }) => {
        const value = v201.variables[`${component.name}.${variable.name}`];
        const found = value === undefined
          ? { attributeStatus: 'UnknownVariable' }
          : { attributeStatus: 'Accepted', attributeValue: value };
        return { component, variable, ...found };
      }),
    }),
    SetChargingProfile: ({ chargingProfile }) => install(chargingProfile),
    GetCompositeSchedule: ({ evseId, duration }) => ({
      status: 'Accepted',
      schedule: {
        evseId,
        duration,
        scheduleStart: now(),
        chargingRateUnit: newestSchedule().chargingRateUnit,
        chargingSchedulePeriod: [limitOf(newestSchedule().chargingSchedulePeriod[0])],
      },
    }),
    RequestStartTransaction: ({ remoteStartId }) => later(charge ? null : 'remote start', async () => {
      await v201.begin({ remoteStartId });
    }),
    RequestStopTransaction: ({ transactionId }) => later(
      charge && charge.id === transactionId ? 'remote stop' : null, () => v201.end('Remote'),
    ),
    TriggerMessage: ({ requestedMessage }) => trigger(requestedMessage),
    Reset: () => later('reset', restart),
  },
  variables: {
    'SmartChargingCtrlr.RateUnit': 'A,W',
    'SmartChargingCtrlr.ProfileStackLevel': '8',
    'SmartChargingCtrlr.PeriodsPerSchedule': '24',
  },
  newest: (profile) => profile.chargingSchedule[0],
};

const dialect = protocol === 'ocpp1.6' ? v16 : v201;
const upkeep = makeUpkeep({
  client, did, complain, later, restart, drop, status: (word) => dialect.status(word), number: () => (clock += 1000),
});

// The reservation a charge begins with, if there is one; it is used up then.
function useReservation() {
  const id = upkeep.state.reservation;
  upkeep.state.reservation = null;
  return id === null ? {} : { reservationId: id };
}

// The line goes without a word while it charges; on the new one nothing is told anew but what was metered meanwhile.
async function drop() {
  await client.close({ force: true });
  await client.connect();
  await dialect.heartbeat();
  await dialect.heartbeat();
  if (charge) await dialect.meter();
}

function newestSchedule() {
  return dialect.newest(profiles[profiles.length - 1]);
}

function install(profile) {
  profiles.push(profile);
  waiting.splice(0).forEach((resolve) => resolve());
  did('profile installed', { id: profile.chargingProfileId ?? profile.id });
  return { status: 'Accepted' };
}

const waiting = [];
const profileCame = () => (profiles.length ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)));

// Answer first, do it afterwards: a station may not begin before its answer has left. `step` null: refused.
function later(step, work) {
  if (step === null) return { status: 'Rejected' };
  setTimeout(() => work().then(() => did(step), (error) => complain(`${step} went wrong`, error)), 50);
  return { status: 'Accepted' };
}

function trigger(message) {
  const known = { Heartbeat: () => dialect.heartbeat(), StatusNotification: () => dialect.status('Available') };
  return known[message] ? later(`triggered ${message}`, known[message]) : { status: 'NotImplemented' };
}

async function restart() {
  await client.close({ awaitPending: true });
  await client.connect();
  await dialect.boot();
}

const answers = upkeep.answers[protocol === 'ocpp1.6' ? protocol : 'ocpp2.0.1'];
for (const [action, answer] of Object.entries({ ...answers, ...dialect.requests })) {
  client.handle(action, ({ params }) => {
    did('asked', { action });
    return answer(params);
  });
}

async function main() {
  await client.connect();
  did('connected', { protocol: client.protocol });
  await dialect.boot();
  await profileCame(); // the fall-back: a station that has it may charge
  did('authorize', { status: await dialect.authorize() });
  did('begin', { status: await dialect.begin() });
  await dialect.meter();
  await dialect.end('EVDisconnected');
  did('end');
  did('idle');
}

process.stdin.on('end', async () => {
  const { code } = await client.close({ awaitPending: true });
  did('closed', { code });
  process.exit(0);
});
process.stdin.resume();

main().catch((error) => {
  complain('the station gave up', `${error} ${JSON.stringify(error.details ?? null)}`);
  process.exit(1);
});
