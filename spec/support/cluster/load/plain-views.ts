/** The plain views that the view-synchronous groups of a connection are given, which the client API does not show. */
import type { FlushLayer } from '../../../../lib/flush/core/layer.js';
import type { PlainView } from '../../../../lib/flush/core/port.js';
import type { Connection } from '../../../../lib/index.js';

interface Synchrony {
  readonly layer: FlushLayer<Promise<number>>;
}

/**
 * Where they enter the layer: a daemon sends them whole, or as changes of a list.
 * @param connection without view-synchronous groups so far
 * @param note called before the layer handles the view
 */
export function watchPlainViews(connection: Connection, note: (view: PlainView) => void): void {
  const get = (Reflect.get(connection, 'synchronyOf') as () => Synchrony).bind(connection);
  let watched: Synchrony | null = null;
  Reflect.set(connection, 'synchronyOf', () => {
    const synchrony = get();
    if (synchrony === watched) return synchrony;
    watched = synchrony;
    const { layer } = synchrony;
    const take = layer.plainView.bind(layer);
    layer.plainView = (view) => {
      note(view);
      return take(view);
    };
    return synchrony;
  });
}
