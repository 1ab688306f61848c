/** What every page has: theme switch, menus, file fields, the browser's time zone in forms. */

import { wireFileChoosers } from "./file_chooser.js";
import { redrawWhenFontsCome } from "./late_fonts.js";
import { wireMenus } from "./menus.js";
import { wireThemeSwitch } from "./theme_switch.js";
import { offerBrowserTimeZone } from "./time_zone.js";

redrawWhenFontsCome();
wireThemeSwitch();
wireMenus();
wireFileChoosers();
offerBrowserTimeZone();
