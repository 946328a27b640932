import { Component, type ComponentType, h } from 'preact';

/** A component that is drawn anew only when one of its properties is another. */
export function memo<P extends object>(of: ComponentType<P>): ComponentType<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const [before, after] = [this.props, next] as Record<string, unknown>[];
      return Object.keys(next).some((name) => before?.[name] !== after?.[name]);
    }

    override render() {
      return h(of, this.props as P & preact.Attributes);
    }
  };
}
