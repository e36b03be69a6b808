// Queries go by POST to /graphql, subscriptions by graphql-transport-ws to /graphql/ws.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { createClient } from 'graphql-ws';

const socket = new URL('/graphql/ws', window.location.href);
socket.protocol = socket.protocol === 'https:' ? 'wss:' : 'ws:';

const send = createGraphiQLFetcher({
  url: '/graphql',
  wsClient: createClient({ url: socket.href, lazy: true }),
  enableIncrementalDelivery: false,
});

// JSON has no comments: a header whose name begins with // is one, and is not sent.
const sent = (headers = {}) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('//')));

export const fetcher = (params, options) =>
  send(params, { ...options, headers: sent(options?.headers) });
