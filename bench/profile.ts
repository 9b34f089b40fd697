// A row on Stowage alone, with what Node can record of it: where its processor time went, and what it allocated.

import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Frame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

const shown = 30

/** For Node; the files are written when it ends. */
export function profileFlags(folder: string): readonly string[] {
  mkdirSync(folder, { recursive: true })
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--heap-prof', `--heap-prof-dir=${folder}`]
}

/** What the files of a folder say, in short. DevTools of Chrome open them whole. */
export function profileText(folder: string): string {
  const files = readdirSync(folder).map((name) => join(folder, name))
  const texts = files.map((file) => {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
    // Node's own files: https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#type-Profile and HeapProfiler's SamplingHeapProfile.
    if (file.endsWith('.cpuprofile')) return `${file}\n${ofCpu(parsed as CpuProfile)}`
    return `${file}\n${ofHeap(parsed as HeapProfile)}`
  })
  return texts.join('\n\n')
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

function ofCpu({ nodes, samples, timeDeltas }: CpuProfile): string {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const micros = new Map<string, number>()
  samples.forEach((id, at) => add(micros, nameOf(frames.get(id)), timeDeltas[at] ?? 0))
  micros.delete('(idle)')
  return largest(micros, (value, all) => `${(value / 1000).toFixed(0)} ms, ${((value / all) * 100).toFixed(1)} %`)
}

interface HeapNode {
  readonly callFrame: Frame
  readonly selfSize: number
  readonly children: readonly HeapNode[]
}

interface HeapProfile {
  readonly head: HeapNode
}

function ofHeap({ head }: HeapProfile): string {
  const bytes = new Map<string, number>()
  const walk = ({ callFrame, selfSize, children }: HeapNode) => {
    add(bytes, nameOf(callFrame), selfSize)
    for (const child of children) walk(child)
  }
  walk(head)
  return largest(bytes, (value) => `${(value / 1024).toFixed(0)} KiB still in use`)
}

const nameOf = (frame: Frame | undefined): string =>
  frame === undefined
    ? '?'
    : `${frame.functionName || '(anonymous)'} ${frame.url.replace(/^.*\/(?=[^/]*\/[^/]*$)/, '')}:${frame.lineNumber + 1}`.replace(
        / :0$/,
        '',
      )

function add(sums: Map<string, number>, name: string, value: number): void {
  sums.set(name, (sums.get(name) ?? 0) + value)
}

function largest(sums: ReadonlyMap<string, number>, say: (value: number, all: number) => string): string {
  const all = [...sums.values()].reduce((sum, value) => sum + value, 0)
  const sorted = [...sums].toSorted(([, one], [, other]) => other - one).slice(0, shown)
  return sorted.map(([name, value]) => `  ${say(value, all).padEnd(26)}${name}`).join('\n')
}
