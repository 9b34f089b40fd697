// Figures of several processes as those of one server, in Prometheus's text form: what counts adds up, and what is a process's own names it.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format

export interface ProcessFigures {
  /** Who it is, for figures of its own; `undefined` for a process that is gone, of which what it counted stays. */
  readonly process: string | undefined
  readonly text: string
}

interface Family {
  readonly head: string[]
  /** `counter`, `histogram`, `gauge`. */
  type: string
  readonly samples: Map<string, number>
}

/** One text of all; the order is that of the first that has a figure. */
export function mergeFigures(parts: readonly ProcessFigures[]): string {
  const families = new Map<string, Family>()
  for (const { process, text } of parts) {
    let name = ''
    for (const line of text.split('\n')) {
      if (line === '') continue
      if (line.startsWith('# ')) {
        name = line.split(' ', 3)[2] ?? ''
        const family = families.get(name) ?? newFamily()
        families.set(name, family)
        if (line.startsWith('# TYPE ')) family.type = line.slice(line.lastIndexOf(' ') + 1)
        if (!family.head.includes(line)) family.head.push(line)
        continue
      }
      const family = families.get(name)
      if (!family || (process === undefined && family.type === 'gauge')) continue
      const space = line.lastIndexOf(' ')
      const key = ofProcess(line.slice(0, space), process)
      family.samples.set(key, (family.samples.get(key) ?? 0) + Number(line.slice(space + 1)))
    }
  }
  return [...families.values()]
    .filter(({ samples }) => samples.size > 0)
    .map(({ head, samples }) => [...head, ...[...samples].map(([key, value]) => `${key} ${value}`), ''].join('\n'))
    .join('')
}

const newFamily = (): Family => ({ head: [], type: '', samples: new Map() })

/** Sums of memory or of delays say nothing: those figures stay apart. */
function ofProcess(key: string, process: string | undefined): string {
  return /^(?:process|nodejs)_\w+$/.test(key) ? `${key}{process="${process ?? ''}"}` : key
}
