// Bench subject: an OCPP 1.6 server of ocpp-rpc in strict mode. It validates and answers; it stores nothing.
import { RPCServer } from 'ocpp-rpc';

const server = new RPCServer({ protocols: ['ocpp1.6'], strictMode: true, pingIntervalMs: 0 });
server.auth((accept) => accept());
server.on('client', (client) => {
  client.handle('BootNotification', () => ({
    currentTime: new Date().toISOString(), interval: 300, status: 'Accepted',
  }));
  client.handle('Heartbeat', () => ({ currentTime: new Date().toISOString() }));
  client.handle('MeterValues', () => ({}));
});
const http = await server.listen(0, '127.0.0.1');
console.log(`PORT ${http.address().port}`);
