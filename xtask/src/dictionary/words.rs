//! Notes as the dictionary's workers type them: sentences put together word by word, so that none is a set phrase.
//! Measurements bring words of their own and never see these.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use xunge_days::Words;

const WHO: &[&str] = &[
    "老人",
    "户主",
    "儿子",
    "女儿",
    "媳妇",
    "邻居",
    "孩子",
    "房东",
    "租户",
    "两家",
    "大爷",
    "大娘",
    "村干部",
    "亲戚",
    "夫妻",
    "孙子",
    "工头",
    "店主",
];
const WHERE: &[&str] = &[
    "家里",
    "院子",
    "门口",
    "田边",
    "村口",
    "河边",
    "镇上",
    "地头",
    "路边",
    "楼上",
    "屋后",
    "水渠边",
    "卫生室",
    "山坡",
    "巷子里",
    "晒场",
];
const WHEN: &[&str] = &[
    "今天",
    "昨天",
    "上午",
    "下午",
    "前几天",
    "上周",
    "月初",
    "最近",
    "傍晚",
    "年后",
    "雨后",
    "赶集时",
];
const HOW: &[&str] = &[
    "已经", "还没", "一直", "又", "准备", "不想", "愿意", "经常", "需要", "担心", "同意", "答应",
    "打算", "刚刚",
];
const DOES: &[&str] = &[
    "看病",
    "修房",
    "领补贴",
    "吵架",
    "出门打工",
    "种地",
    "办手续",
    "交医保",
    "吃药",
    "换电线",
    "搬家",
    "借钱",
    "浇水",
    "养鸡",
    "签字",
    "赔偿",
    "送饭",
    "照看",
    "报名",
    "上学",
    "清理",
    "补漏",
    "接水管",
    "量血压",
];
const WHAT: &[&str] = &[
    "屋顶漏水",
    "电线老化",
    "腿脚不便",
    "地界不清",
    "欠工钱",
    "噪音大",
    "井盖坏了",
    "路灯不亮",
    "药快吃完",
    "低保没批",
    "身体还好",
    "情绪平稳",
    "粮食够吃",
    "煤气味重",
    "墙有裂缝",
    "排水不通",
    "没人照顾",
    "收到短信",
    "手机坏了",
    "树枝挡路",
];
const THEN: &[&str] = &[
    "下次再去",
    "已劝说",
    "已上报",
    "联系村医",
    "帮忙打电话",
    "约好周末",
    "请镇里派人",
    "等回话",
    "拍了照",
    "记下了",
    "交代安全",
    "讲了政策",
    "提醒防骗",
    "过几天复查",
];
const PLACES: &[&str] = &[
    "村委会",
    "桥头",
    "小学旁",
    "老井",
    "卫生室",
    "水塘边",
    "果园",
    "碾房",
    "戏台",
    "渡口",
    "砖厂",
    "茶山",
];

/// A seeded stream of notes.
pub(super) struct Sentences(ChaCha8Rng);

impl Sentences {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn one(&mut self, of: &[&'static str]) -> &'static str {
        of[self.0.random_range(0..of.len())]
    }

    /// A sentence or two.
    pub(super) fn note(&mut self) -> String {
        let mut text = String::new();
        if self.0.random_bool(0.5) {
            text.push_str(self.one(WHEN));
        }
        if self.0.random_bool(0.4) {
            text.push_str(self.one(WHERE));
        }
        if self.0.random_bool(0.7) {
            text.push_str(self.one(WHO));
            text.push_str(self.one(HOW));
            text.push_str(self.one(DOES));
        } else {
            text.push_str(self.one(WHAT));
        }
        for list in [WHAT, THEN] {
            if self.0.random_bool(0.5) {
                text.push('，');
                text.push_str(self.one(list));
            }
        }
        text
    }
}

impl Words for Sentences {
    fn text(&mut self, _: &str, id: &str) -> String {
        if id.contains("place") || id.contains("where") {
            format!("{}{}", self.one(PLACES), self.one(WHERE))
        } else {
            self.note()
        }
    }
}
