import { render } from 'preact';
import { App } from './app';
import { startBrowsing } from './state/browse';
import { startCurve } from './state/chart';
import { startLookups } from './state/directory';
import { restoreIdentity } from './state/identity';
import { startOutbox } from './state/sealing';
import { startSession } from './state/session';
import './style/index.css';

const root = document.getElementById('app');
if (!root) throw new Error('index.html has no #app');
// The identity is restored first. Otherwise the session would connect twice.
void restoreIdentity().then(() => {
  startSession();
  startOutbox();
  startCurve();
  startBrowsing();
  startLookups();
  render(<App />, root);
});
