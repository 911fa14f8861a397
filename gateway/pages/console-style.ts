/** How the console looks; colours of states are readable in the light and in the dark, and never the only sign. */
export const CONSOLE_STYLE = `
:root { --live: #1b7a34; --lagging: #9a5200; --healing: #1864ab; --cut-off: #c2255c; --gone: #5d6b78 }
@media (prefers-color-scheme: dark) { :root { --live: #51cf66; --lagging: #ffa94d; --healing: #74c0fc; --cut-off: #ff8787; --gone: #93a1ae } }
header { display: flex; gap: .4rem 1rem; align-items: baseline; flex-wrap: wrap } header form { margin-left: auto; display: flex; gap: .4rem }
input { font: inherit; padding: .35rem .6rem; border: 1px solid var(--line); border-radius: 7px; background: var(--card); color: inherit; width: 16rem; max-width: 60vw }
button { font: inherit; padding: .35rem .9rem; border: 0; border-radius: 7px; background: var(--sea); color: var(--back); cursor: pointer }
:focus-visible { outline: 2px solid var(--sea); outline-offset: 2px }
#verdict { margin: 1.4rem 0 1rem; font-size: 1.15rem; font-weight: 600; border-left: .45rem solid var(--gone); padding: .8rem 1.1rem }
#verdict small { display: block; font-weight: 400; color: var(--soft); font-size: .9rem }
#verdict.live { border-color: var(--live) } #verdict.lagging { border-color: var(--lagging) } #verdict.healing { border-color: var(--healing) } #verdict.cut-off { border-color: var(--cut-off) }
#mesh { display: grid; grid-template-columns: minmax(15rem, 1fr) minmax(0, 2fr); gap: 1rem; align-items: start }
@media (max-width: 52rem) { #mesh { grid-template-columns: minmax(0, 1fr) } }
#map svg { display: block; width: 100%; max-width: 26rem; margin: 0 auto }
#map text { fill: var(--ink); font: 600 13px ui-sans-serif, system-ui, sans-serif; text-anchor: middle } #map text.small { font-weight: 400; font-size: 11px; fill: var(--soft) }
#map line { stroke-width: 3.5; stroke-linecap: round; stroke: var(--gone) } #map line.live { stroke: var(--live) } #map line.lagging { stroke: var(--lagging); stroke-dasharray: 9 6 }
#map line.healing { stroke: var(--healing); stroke-dasharray: 2 7 } #map line.cut-off { stroke: var(--cut-off); stroke-dasharray: 1 10 }
#map circle { fill: var(--card); stroke-width: 3.5; stroke: var(--gone) } #map circle.live { stroke: var(--live) } #map circle.lagging { stroke: var(--lagging) } #map circle.healing { stroke: var(--healing) } #map circle.cut-off { stroke: var(--cut-off) }
.wide { overflow-x: auto } table { width: 100%; border-collapse: collapse } caption { text-align: left; font-weight: 600; padding-bottom: .4rem }
th, td { text-align: left; vertical-align: top; padding: .45rem .8rem .45rem 0; border-top: 1px solid var(--line) } thead th { border-top: 0; font-weight: 400; color: var(--soft); white-space: nowrap }
td .soft, th .soft { display: block; white-space: nowrap; font-size: .85rem; font-weight: 400 } td.self { color: var(--soft) }
.state { font-weight: 600; white-space: nowrap } .state.live { color: var(--live) } .state.lagging { color: var(--lagging) } .state.healing { color: var(--healing) } .state.cut-off { color: var(--cut-off) } .state.gone { color: var(--gone) }
#conflicts .card { margin-bottom: .6rem } #conflicts del { color: var(--soft); text-decoration-thickness: 1px } .texts { overflow-wrap: anywhere }
#note:empty { display: none } #note { margin-top: 1rem } [hidden] { display: none }
`;
