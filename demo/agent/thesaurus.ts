// The agent's knowledge of English: words that can stand for each other, one group a line. It stands in for what a
// language model knows of synonyms. It was written by hand with the synthetic encyclopedia's vocabulary in view, so the
// agent knows that vocabulary better than another corpus's. It holds words only, no facts, and some groups lump together
// words that differ.

const groups = `
novelist novel fiction prose storyteller narrative
poet poem verse versifier stanza
playwright dramatist drama stage theatre theatrical playhouse dramatic thespian actor comedian
painter painting canvas brush brushwork
sculptor statue carver sculpted stone carved
composer symphony score orchestral music
singer opera vocalist aria soloist sung lyric
architect building edifice builder design
engineer constructor mechanical inventor machine
physicist physics matter philosopher
botanist plant flora
astronomer star heaven stargazer sky telescope observatory
chemist chemistry substance laboratory
physician doctor medical healer practitioner hospital infirmary clinic healing
historian chronicler past bygone chronicle history
politician parliament legislator office
general army commander military soldier leader
explorer traveller pioneer voyage
director film cinema motion picture screen filmmaker
photographer camera photograph album
cyclist cycling cycle wheel bicycle
chess grandmaster
lawyer barrister jurist advocate legal
journalist reporter correspondent columnist press newspaper periodical daily
banker financier lender money bank savings capital lending financial magnate
town municipality settlement market
port harbour coastal seaside
river stream watercourse waterway
mountain peak summit elevation
lake mere inland water
university college academic learning institution
brewery beer ale brewing
shipyard shipbuilding vessel boatwright
club sport athletic team sporting
museum gallery exhibit collection
railway train rail
publisher publishing issuer book literary
bridge span crossing
lighthouse beacon lamp
viaduct arch arched
castle fortress stronghold fortified
church abbey worship religious
battle engagement clash encounter armed
expedition journey exploratory venture survey
exposition fair exhibition
flood inundation deluge
strike labour stoppage walkout
congress assembly gathering scholar
race contest competition
moth insect nocturnal
orchid flower blossom herb
beetle bug
fern frond spore
bee beekeeping hive apiculture honey
tide ebb wave
glass glassmaking transparent furnace
winter frost snow icy cold
exile banishment expulsion absence
mining pit coal underground extraction
comet celestial
marriage wedlock matrimony
whale whaling harpoon
plague epidemic pestilence deadly
clock clockmaking horology
volcano eruption lava
orphan parentless
forest woodland timber wilderness lumber plank
gold precious
bird songbird avian feathered
bell carillon ringing
prison captivity confinement
magnet magnetism lodestone
light refraction optics prism
famine hunger starvation
twin double
ghost haunted apparition spirit
harvest reaper crop
fish fishing fisherman net
court law litigation trial
horse equine stud
desert caravan sandy arid
smuggler smuggling contraband illicit
school schoolteacher classroom education
paper pulp
cheese dairy curd
rope cable cordage hemp
salt sodium
lace openwork
pottery earthenware ceramic clay
copper
wine vintage grape
watch timepiece
shoe footwear boot
furniture joinery cabinet
slate roofing
soap washing
wool woollen fleece
piano keyboard
cannon artillery gun ordnance
tobacco cigar pipe
climbing scaling mountaineering
cello bowed
butterfly winged
rose gardening thorny
swimming bathing
stamp philately postage
gambling card betting
dog hound
sailing yachting boat
cooking meal
skating ice gliding
horoscope destiny astrology
walking rambling
toy whittling plaything
balloon
fencing swordplay
pneumonia lung inflammation
drowning
heart cardiac
tuberculosis consumption
duel combat
bravery courage medal decoration
knighthood ennoblement
pension stipend
doctorate
limp lameness
deafness hearing
stammer speech
tall height stature
beard whiskers
memory recall
blindness eyesight
shyness timidity
granite igneous
iron metal forged wrought
oak hardwood
marble limestone
concrete cement
heron
anchor mooring
stag deer
wheat grain sheaf
treaty pact peace
bankruptcy insolvency
map cartography
riot unrest
park green
dam barrier
born birth birthplace native hailed cradle
died death passed demise perished killed dead grave
sister brother sibling parents
son daughter father mother parent offspring descended forebear child
married wife husband wedded vow wedding spouse
taught teacher pupil student learned disciple mentored instruction trained
studied graduated educated degree academic
worked employed post payroll staff job
founded founder established founding
directed director charge led helm management
rival quarrelled quarrel adversary feuded
collaborated partnership together cooperated associate
letters wrote corresponded correspondence exchanged
present participated part eyewitness witnessed involved
designed plans conceived layout devised
dedicated dedication inscription tribute honouring
mayor elected council civic
finished appeared completed dates released came
set action unfolds plays portrays scene backdrop
shown public premiered debut premiere
based adapted follows plot material draws
inspired recalls commemorates prompted
seat based headquartered headquarters operates located
known renowned prospered rich wealth
arms badge seal symbol represented sign
merged joined united combined
opened built inaugurated
crosses over spans
result led outcome brought triggered
paid money financed backing
described description identified introduced
lives found inhabits occurs
collected specimen discovered
named name namesake
awarded received gave distinguished obtained
fond free spare enjoyed pastime relaxed
interested theme focused preoccupied devoted concerned
`

const irregular: Readonly<Record<string, string>> = { feet: 'foot', lives: 'live', mice: 'mouse', wolves: 'wolf' }

/** A crude stem: plural and common endings off. */
export const stem = (word: string): string => {
  const lower = word.toLowerCase().replace(/['’]s?$/, '')
  const known = irregular[lower]
  if (known !== undefined) return known
  if (lower.length > 4 && lower.endsWith('ies')) return `${lower.slice(0, -3)}y`
  if (lower.length > 4 && /(ss|x|ch|sh)es$/.test(lower)) return lower.slice(0, -2)
  if (lower.length > 3 && lower.endsWith('s') && !/(ss|us|is)$/.test(lower)) return lower.slice(0, -1)
  return lower
}

const groupOf = new Map<string, number>()
const members: string[][] = []
for (const line of groups.trim().split('\n')) {
  const group = members.length
  const listed = line.split(' ')
  members.push(listed)
  for (const word of listed) if (!groupOf.has(stem(word))) groupOf.set(stem(word), group)
}

/** What the agent takes a word to mean: its group of synonyms, else its stem. */
export const meaningOf = (word: string): string => {
  const own = stem(word)
  const group = groupOf.get(own)
  return group === undefined ? own : `#${group}`
}

/** Other words for this one, as far as the agent knows. */
export const synonymsOf = (word: string): readonly string[] => {
  const own = stem(word)
  const group = groupOf.get(own)
  return group === undefined ? [] : members[group].filter((other) => stem(other) !== own)
}
