// A server of another ecosystem: the npm package ocpp-rpc in strict mode. It stores nothing. Prints its port.
'use strict';

const { RPCServer } = require('ocpp-rpc');

const now = () => new Date().toISOString();
const server = new RPCServer({ protocols: ['ocpp1.6'], strictMode: true, pingIntervalMs: 0 });

server.on('client', (client) => {
  client.handle('BootNotification', () => ({ status: 'Accepted', interval: 300, currentTime: now() }));
  client.handle('Heartbeat', () => ({ currentTime: now() }));
  client.handle('MeterValues', () => ({}));
});

server.listen(0, '127.0.0.1').then((http) => {
  console.log(JSON.stringify({ ocpp_port: http.address().port }));
});
