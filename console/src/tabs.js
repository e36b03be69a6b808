// One tab per file of queries/, in the order of their names; NAME.json holds its variables, in
// which {{today}}, {{a month ago}} and {{latest order}} stand for what they say.
const queries = import.meta.glob('../queries/*.graphql', { query: '?raw', import: 'default', eager: true });
const variables = import.meta.glob('../queries/*.json', { query: '?raw', import: 'default', eager: true });

const headers = JSON.stringify(
  {
    '//': 'To read your own write, take the slashes off:',
    '// Consistency-Token': "that header of the command's answer",
  },
  null,
  2,
);

export async function tabs(fetcher) {
  const values = {
    today: day(0),
    'a month ago': day(-30),
    'latest order': await latestOrder(fetcher),
  };
  const filled = (text = '') => text.replace(/{{(.+?)}}/g, (_, name) => values[name]);
  return Object.keys(queries)
    .sort()
    .map((path) => ({
      query: queries[path],
      variables: filled(variables[path.replace(/\.graphql$/, '.json')]),
      headers,
    }));
}

function day(offset) {
  const date = new Date();
  date.setDate(date.getDate() + offset);
  return date.toISOString().slice(0, 10);
}

async function latestOrder(fetcher) {
  try {
    const { data } = await fetcher({ query: '{ orders(first: 1) { nodes { id } } }' });
    return data.orders.nodes[0].id;
  } catch {
    return '00000000-0000-0000-0000-000000000000';
  }
}
