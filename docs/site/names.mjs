/** Calls the entry points what programs import. */
export function load(app) {
  app.converter.on('resolveBegin', ({ project }) => {
    for (const module of project.children ?? []) {
      const [, entry = ''] =
        /^(?:lib\/(?:adapters\/)?|daemon\/(?=testing))?(.*?)(?:\/?index)?$/.exec(module.name) ?? [];
      module.name = ['', 'lib'].includes(entry) ? 'ssp-toolkit' : `ssp-toolkit/${entry}`;
    }
  });
}
