/** The choice between the ways to ask, at the top of a form. */
interface WaysProps<W extends string> {
  readonly legend: string;
  /** The field's name. */
  readonly name: string;
  /** Each way, and its words. */
  readonly ways: readonly (readonly [W, string])[];
  readonly chosen: W;
  readonly onChoose: (way: W) => void;
}

export function Ways<W extends string>({ legend, name, ways, chosen, onChoose }: WaysProps<W>) {
  return (
    <fieldset class="ways">
      <legend class="visually-hidden">{legend}</legend>
      {ways.map(([way, words]) => (
        <label key={way} class={way === chosen ? 'on' : ''}>
          <input type="radio" name={name} value={way} checked={way === chosen} onChange={() => onChoose(way)} />
          {words}
        </label>
      ))}
    </fieldset>
  );
}
