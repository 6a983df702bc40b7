// What surrounds a charge at the station of another ecosystem: reservations, local lists, settings, firmware and logs.
// `make(station)` gives the answers of both versions; firmware is fetched and logs are handed in over HTTP for real.
'use strict';

module.exports = function make({ client, did, complain, later, status, restart, drop, number }) {
  const state = { reservation: null, list: { version: 0, cards: new Set() }, firmware: '1.0' };
  const ok = { status: 'Accepted' };

  function reserve(id) {
    state.reservation = id;
    return later('reserved', () => status('Reserved'));
  }
  function cancel({ reservationId }) {
    if (state.reservation !== reservationId) return { status: 'Rejected' };
    state.reservation = null;
    return later('reservation cancelled', () => status('Available'));
  }
  function take(version, how, entries, tokenOf, known) {
    if (how === 'Differential' && version <= state.list.version) return { status: 'VersionMismatch' };
    if (how === 'Full') state.list.cards.clear();
    for (const entry of entries ?? []) state.list.cards[known(entry) ? 'add' : 'delete'](tokenOf(entry));
    state.list.version = version;
    did('local list', { version, cards: [...state.list.cards].sort() });
    return ok;
  }
  async function tell(action, word, requestId) {
    await client.call(action, requestId === undefined ? { status: word } : { status: word, requestId });
  }
  async function update(location, requestId) {
    const action = 'FirmwareStatusNotification';
    await tell(action, 'Downloading', requestId);
    const answer = await fetch(location);
    if (!answer.ok) {
      await tell(action, 'DownloadFailed', requestId);
      return;
    }
    state.firmware = (await answer.text()).trim();
    await tell(action, 'Downloaded', requestId);
    await tell(action, 'Installing', requestId);
    await restart();
    await tell(action, 'Installed', requestId);
  }
  async function upload(action, location, requestId, failed) {
    await tell(action, 'Uploading', requestId);
    const answer = await fetch(location, { method: 'PUT', body: `log of a station that runs ${state.firmware}\n` });
    await tell(action, answer.ok ? 'Uploaded' : failed, requestId);
  }
  const soon = (step, work) => setTimeout(() => work().then(() => did(step), (bad) => complain(`${step} failed`, bad)), 50);
  function transfer({ vendorId, messageId }) {
    if (vendorId !== 'Peer') return { status: 'UnknownVendorId' };
    return messageId === 'drop the line' ? later('reconnect', drop) : { status: 'UnknownMessageId' };
  }
  async function report(requestId) {
    const entry = (name, value) => ({
      component: { name: 'OCPPCommCtrlr' },
      variable: { name },
      variableAttribute: [{ value, mutability: 'ReadWrite' }],
      variableCharacteristics: { dataType: 'integer', supportsMonitoring: false },
    });
    const parts = [[entry('HeartbeatInterval', '300')], [entry('RetryBackOffRepeatTimes', '3')]];
    for (const [seqNo, reportData] of parts.entries()) {
      const tbc = seqNo < parts.length - 1;
      await client.call('NotifyReport', { requestId, generatedAt: new Date(number()).toISOString(), seqNo, tbc, reportData });
    }
  }

  const both = {
    CancelReservation: cancel,
    ClearCache: () => ok,
    ClearChargingProfile: () => ok,
    DataTransfer: transfer,
    ChangeAvailability: ({ type, operationalStatus }) => later(
      'availability', () => status((type ?? operationalStatus) === 'Operative' ? 'Available' : 'Unavailable'),
    ),
    UnlockConnector: () => ({ status: 'Unlocked' }),
  };
  const answers = {
    'ocpp1.6': {
      ...both,
      ReserveNow: ({ reservationId }) => reserve(reservationId),
      GetLocalListVersion: () => ({ listVersion: state.list.version }),
      SendLocalList: ({ listVersion, updateType, localAuthorizationList }) => take(
        listVersion, updateType, localAuthorizationList, (entry) => entry.idTag, (entry) => 'idTagInfo' in entry,
      ),
      ChangeConfiguration: ({ key, value }) => {
        did('setting', { key, value });
        return ok;
      },
      UpdateFirmware: ({ location }) => {
        soon('updated', () => update(location));
        return {};
      },
      GetDiagnostics: ({ location }) => {
        soon('uploaded', () => upload('DiagnosticsStatusNotification', location, undefined, 'UploadFailed'));
        return { fileName: 'peer.log' };
      },
      GetLog: ({ log, requestId }) => {
        soon('uploaded', () => upload('LogStatusNotification', log.remoteLocation, requestId, 'UploadFailure'));
        return { ...ok, filename: 'security.log' };
      },
    },
    'ocpp2.0.1': {
      ...both,
      ReserveNow: ({ id }) => reserve(id),
      GetLocalListVersion: () => ({ versionNumber: state.list.version }),
      SendLocalList: ({ versionNumber, updateType, localAuthorizationList }) => take(
        versionNumber, updateType, localAuthorizationList,
        (entry) => entry.idToken.idToken, (entry) => 'idTokenInfo' in entry,
      ),
      SetVariables: ({ setVariableData }) => ({
        setVariableResult: setVariableData.map(({ component, variable, attributeValue }) => {
          did('setting', { key: `${component.name}.${variable.name}`, value: attributeValue });
          return { component, variable, attributeStatus: 'Accepted' };
        }),
      }),
      GetBaseReport: ({ requestId }) => later('reported', () => report(requestId)),
      GetTransactionStatus: () => ({ messagesInQueue: false, ongoingIndicator: true }),
      UpdateFirmware: ({ firmware, requestId }) => {
        soon('updated', () => update(firmware.location, requestId));
        return ok;
      },
      GetLog: ({ log, requestId }) => {
        soon('uploaded', () => upload('LogStatusNotification', log.remoteLocation, requestId, 'UploadFailure'));
        return { ...ok, filename: 'peer.log' };
      },
    },
  };
  return { state, answers };
};
