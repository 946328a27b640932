/** The frame: the top bar, the views, the footer and the announcer. */
import { useEffect, useRef } from 'preact/hooks';
import { Announcer } from './parts/announcer';
import { TopBar } from './parts/top-bar';
import { Trouble } from './parts/trouble';
import { fragment, linkTo, VIEWS, type View, viewOf } from './state/route';
import { located } from './state/session';
import { ConnectionView } from './views/connection';
import { DirectoryView } from './views/directory';
import { MessagesView } from './views/messages';
import { OverviewView } from './views/overview';
import { WriteView } from './views/write';

const TITLES: Record<View, string> = {
  overview: 'Overview',
  messages: 'Messages',
  directory: 'Directory',
  write: 'Seal and store',
  connection: 'Connection',
};

const CONTENT: Record<View, () => preact.JSX.Element> = {
  overview: OverviewView,
  messages: MessagesView,
  directory: DirectoryView,
  write: WriteView,
  connection: ConnectionView,
};

export function App() {
  const placed = 'place' in located.value;
  // Without a canister, only the form that chooses one is useful.
  const view = placed ? viewOf(fragment.value) : 'connection';
  const Content = CONTENT[view];
  const heading = useRef<HTMLHeadingElement>(null);
  const last = useRef(view);

  useEffect(() => {
    document.title = `${TITLES[view]} – Message canister`;
    // At the first view, the browser decides where the focus is.
    if (last.current !== view) heading.current?.focus();
    last.current = view;
  }, [view]);

  return (
    <>
      <button type="button" class="skip" onClick={() => heading.current?.focus()}>
        Skip to the content
      </button>
      <TopBar />
      <nav class="views" aria-label="Views">
        {VIEWS.map((name) => (
          <a key={name} href={linkTo(name)} aria-current={name === view ? 'page' : undefined}>
            {TITLES[name]}
          </a>
        ))}
      </nav>
      <main>
        <h1 ref={heading} tabIndex={-1}>
          {TITLES[view]}
        </h1>
        {placed && <Trouble />}
        <Content />
      </main>
      <footer>
        One node of the network answers each query. This page verifies the node’s signature, and the proofs of keys,
        messages and labels. Messages are hashed, sealed and opened in this browser.
      </footer>
      <Announcer />
    </>
  );
}
