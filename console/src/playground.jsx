// GraphiQL against the server that this page came from. Nothing is loaded from anywhere else.
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';

import './playground.css';
import { fetcher } from './fetcher.js';
import { tabs } from './tabs.js';

const defaultTabs = await tabs(fetcher);

createRoot(document.getElementById('playground')).render(
  <StrictMode>
    <GraphiQL
      fetcher={fetcher}
      defaultTabs={defaultTabs}
      defaultHeaders={defaultTabs[0].headers}
      defaultEditorToolsVisibility="variables"
      inputValueDeprecation
      schemaDescription
    >
      <GraphiQL.Logo>orderlog</GraphiQL.Logo>
    </GraphiQL>
  </StrictMode>,
);
