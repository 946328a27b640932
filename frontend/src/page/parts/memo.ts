import { Component, type ComponentType, h } from 'preact';

/** A component that renders again only if one of its properties changed. */
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
