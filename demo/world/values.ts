// Properties without articles of their own, in groups: "articles' words | questions' words".
import { concepts } from './concept.ts'

export const subjects = concepts({
  bees: 'beekeeping/bees and their hives | apiculture/insects that make honey',
  tides: 'tides/ebb and flow of the sea | periodic rise of ocean waters/movement of coastal waters',
  glass: 'glassmaking/glass blowers | craft of transparent vessels/workers at the furnace',
  winter: 'winter/frost and snow | coldest season/icy months',
  exile: 'exile/banishment | forced absence from home/expulsion from a homeland',
  mines: 'mining/life in the coal pits | underground extraction/labour below the surface',
  comets: 'comets | tailed celestial wanderers/bodies that circle the sun on long paths',
  marriage: 'marriage/an unhappy marriage | wedlock/matrimony',
  whaling: 'whaling/whale hunters | pursuit of giant sea mammals/harpoon crews',
  plague: 'plague/a year of plague | deadly epidemic/pestilence',
  clocks: 'clockmaking/clocks | horology/instruments that measure hours',
  volcanoes: 'volcanoes | fire-spewing mountains/eruptions of lava',
  orphans: 'orphans/an orphan child | parentless youth/children without a family',
  forests: 'forests/woodland | stands of timber/wilderness of trees',
  gold: 'gold diggers/gold | seekers of precious metal/a rush for riches',
  birds: 'birds/songbirds | feathered creatures/avian life',
  bells: 'bells/bell founding | ringing instruments of bronze/carillons',
  prison: 'prison life/prison | captivity/confinement behind bars',
  magnet: 'magnetism/magnets | attraction of iron/lodestones',
  light: 'light/refraction of light | optics/rays passing through prisms',
  famine: 'famine/years of hunger | starvation/failed harvests',
  twins: 'twins/twin sisters | siblings of one birth/doubles born together',
  ghosts: 'ghosts/a haunted house | apparitions/spirits of the dead',
  harvest: 'harvest/harvest workers | gathering of crops/reapers',
  fishing: 'fishing/fishermen | trade with nets and boats/people who live from the catch',
  law: 'court cases/law courts | litigation/trials before judges',
  horses: 'horses/horse breeding | equine animals/stud farms',
  desert: 'desert/desert caravans | arid wasteland/sandy expanses',
  smuggling: 'smuggling/smugglers | illicit border trade/contraband runners',
  schools: 'village schools/schoolteachers | rural education/classroom instruction',
})

export const products = concepts({
  paper: 'paper/paper mills | writing sheets/pulp goods',
  cheese: 'cheese/hard cheese | dairy ware/ripened curd',
  rope: 'rope/ropes and cables | cordage/twisted hemp',
  salt: 'salt/rock salt | seasoning mineral/sodium chloride',
  lace: 'lace/bobbin lace | openwork fabric/fine threadwork',
  pottery: 'pottery/earthenware | ceramics/fired clay vessels',
  copper: 'copper/copper ore | reddish metal/wiring metal',
  wine: 'wine/red wine | vintages/fermented grape drink',
  timber: 'timber/sawn timber | lumber/planks',
  watches: 'watches/pocket watches | timepieces/portable clocks',
  shoes: 'shoes/leather shoes | footwear/boots',
  furniture: 'furniture/oak furniture | household joinery/tables and cabinets',
  slate: 'slate/roofing slate | layered stone/tiles for roofs',
  soap: 'soap/scented soap | washing bars/cleansing cakes',
  wool: 'wool/woollen cloth | fleece textile/sheep fibre',
  pianos: 'pianos/upright pianos | keyboard instruments/grands',
  cannon: 'cannon/artillery | heavy guns/ordnance',
  tobacco: 'tobacco/cigars | smoking leaf/pipe goods',
  sugar: 'sugar/beet sugar | sweetener/refined crystals',
  lamps: 'oil lamps/lamps | lanterns/lighting devices',
})

export const hobbies = concepts({
  chessmen: 'mountain climbing | scaling summits',
  cello: 'playing the cello | performing on a bowed string instrument',
  butterflies: 'collecting butterflies | amassing winged specimens',
  gardening: 'growing roses | cultivating thorny flowers',
  swimming: 'swimming in cold rivers | bathing in chilly waters',
  stamps: 'collecting stamps | philately',
  cards: 'gambling at cards | betting on games of chance',
  dogs: 'breeding dogs | raising hounds',
  sailing: 'sailing small boats | yachting',
  cooking: 'cooking for guests | preparing meals at home',
  skating: 'skating on frozen lakes | gliding on ice',
  astrology: 'casting horoscopes | reading destinies from planets',
  walking: 'walking long distances | rambling on foot',
  carving: 'carving wooden toys | whittling playthings',
  ballooning: 'flying in balloons | ascending by hot air',
  fencing: 'fencing | swordplay',
})

export const deaths = concepts({
  lungs: 'pneumonia | an inflammation of the lungs',
  drowning: 'drowning | an accident in the water',
  heart: 'a heart attack | cardiac failure',
  fall: 'a fall from a horse | a riding mishap',
  consumption: 'tuberculosis | a wasting consumption of the chest',
  duel: 'a wound received in a duel | combat over honour',
  typhoid: 'typhoid fever | a disease carried by bad water',
  avalanche: 'an avalanche | masses of sliding snow',
  poison: 'accidental poisoning | swallowing a toxic substance',
  stroke: 'a stroke | bleeding in the brain',
  fire: 'a house fire | burns from a blaze',
})

export const honours = concepts({
  bravery: 'a medal for bravery | a decoration for courage',
  freedom: 'the freedom of the city | honorary citizenship',
  knighthood: 'a knighthood | ennoblement by the crown',
  laurel: 'a golden laurel | a gilded wreath',
  pension: 'a state pension | a lifelong public stipend',
  doctorate: 'an honorary doctorate | an academic degree for merit',
  prize: 'a prize of one thousand crowns | a monetary reward',
  postage: 'a commemorative stamp | an appearance on postage',
  banknote: 'a place on a banknote | a likeness on paper currency',
})

export const traits = concepts({
  limp: 'a limp | lameness in one leg',
  deaf: 'early deafness | loss of hearing',
  stammer: 'a stammer | a halting manner of speech',
  tall: 'great height | unusually tall stature',
  beard: 'a long red beard | copious ginger whiskers',
  memory: 'a remarkable memory | exceptional powers of recall',
  blind: 'blindness in old age | lost eyesight in later years',
  lefthand: 'left-handedness | preference for the sinister hand',
  temper: 'a violent temper | frequent outbursts of rage',
  shy: 'extreme shyness | timidity before strangers',
})

export const materials = concepts({
  granite: 'granite | speckled igneous rock',
  brick: 'red brick | baked clay blocks',
  iron: 'wrought iron | forged metal',
  oak: 'oak beams | hardwood',
  marble: 'white marble | polished limestone',
  concrete: 'reinforced concrete | cement with steel rods',
  sandstone: 'yellow sandstone | sedimentary blocks',
  bronze: 'bronze | an alloy of tin',
})

export const emblems = concepts({
  heron: 'a heron | a long-legged wading bird',
  anchor: 'an anchor | a mooring device',
  stag: 'a stag | a male deer',
  key: 'two crossed keys | instruments for opening locks',
  sun: 'a rising sun | a dawn motif',
  bear: 'a black bear | a large furry predator',
  wheel: 'a mill wheel | a turning circle for grinding',
  tower: 'a tower | a tall keep',
  fish: 'three fishes | aquatic creatures with scales',
  wheat: 'a sheaf of wheat | bundled grain',
})

export const consequences = concepts({
  treaty: 'a peace treaty | a pact ending hostilities',
  law8: 'a new factory law | legislation on workshops',
  bankruptcy: 'the bankruptcy of its backers | insolvency among financiers',
  map: 'the first accurate map of the interior | reliable cartography of the inland',
  park: 'the creation of a public park | a green space for citizens',
  resign: 'the resignation of the governor | a ruler stepping down',
  dam: 'the building of a dam | a barrier to hold back water',
  riot: 'riots in the capital | street unrest',
  museum8: 'the opening of a permanent exhibition | a lasting display',
  tariff: 'the end of import duties | abolition of customs charges',
})

export const looks = concepts({
  blue: 'pale blue markings | azure spots',
  striped: 'black and white stripes | alternating dark and bright bands',
  hairy: 'a dense coat of hairs | fuzzy covering',
  horned: 'two curved horns | paired bent projections',
  scented: 'a strong scent of vanilla | sweet odour',
  tiny: 'unusually small size | miniature dimensions',
  golden: 'a golden sheen | metallic yellow gloss',
  spotted: 'scarlet spots | crimson dots',
})

export const habitats = concepts({
  chalk: 'dry chalk slopes | arid calcareous hillsides',
  marsh: 'marshes | boggy wetland',
  pine: 'old pine woods | ancient conifer stands',
  cliffs: 'sea cliffs | steep coastal rocks',
  caves: 'cave entrances | mouths of caverns',
  meadows: 'wet meadows | damp grassland',
  orchards: 'apple orchards | fruit plantations',
})

export const landmarks = concepts({
  market: 'a covered market | roofed trading hall',
  baths: 'thermal baths | hot springs',
  wall: 'a complete medieval wall | unbroken ramparts from the Middle Ages',
  organ: 'a famous organ | celebrated pipes',
  maze: 'a hedge maze | labyrinth of shrubs',
  mill: 'a row of windmills | sails that grind corn',
  clock: 'an astronomical clock | dial showing planets',
  fountain: 'a fountain with dolphins | waterworks decorated with sea mammals',
})
