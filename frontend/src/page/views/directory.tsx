/** The directory view: the form, a label's entry, its history, and the checks. */
import { useEffect } from 'preact/hooks';
import { announce } from '../parts/announcer';
import { LabelCard, labelName } from '../parts/label-card';
import { LabelForm } from '../parts/label-form';
import { LabelHistory } from '../parts/label-history';
import { ForgetButton, LieNotice } from '../parts/lie';
import { Notice } from '../parts/notice';
import { contradictsMemory, forgetDirectory, looking, lookUp, lookupProblem, shown } from '../state/directory';
import { directoryPlace } from '../state/session';

export function DirectoryView() {
  const { value } = shown;
  useEffect(() => {
    if (value) announce(`${labelName(value.query)} was looked up and verified`);
  }, [value]);
  if (!directoryPlace) {
    return <Notice tone="plain">The server of this page names no directory.</Notice>;
  }
  return (
    <>
      <p class="muted">
        The directory says which keys belong to a name or a principal. It is canister{' '}
        <code>{directoryPlace.canisterId}</code>, as the server of this page says.
      </p>
      <LabelForm />
      <Problem />
      {looking.value && <p class="muted">Asking the directory…</p>}
      {value && (
        <>
          <LabelCard {...value} />
          <LabelHistory {...value} />
        </>
      )}
    </>
  );
}

function Problem() {
  const problem = lookupProblem.value;
  if (!problem) return null;
  const forget = contradictsMemory(problem) ? { of: 'this directory', run: forgetDirectory } : undefined;
  if (problem.kind === 'lie') return <LieNotice lie={problem} onAgain={lookUp} forget={forget} />;
  return (
    <Notice tone="bad">
      <p>{problem.message}</p>
      <p class="actions">
        {problem.transient && (
          <button type="button" onClick={lookUp}>
            Try again
          </button>
        )}
        {forget && <ForgetButton {...forget} />}
      </p>
    </Notice>
  );
}
